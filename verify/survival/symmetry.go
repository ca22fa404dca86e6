package survival

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// classes tell which nodes are equal: if two of them changed their names, nothing else would change.
//
// So they have the same pods, but for the names of those whose name does not count, and the same taints, size and labels;
// and no pod asks for one of them by its name. Labels that nobody looks at do not count.
type classes struct {
	off bool
	// labels are the keys of labels that pods ask for, but that of the host's name; named are values that they ask of it.
	labels []string
	named  map[string]bool
	// waits: pods wait at rest, and a node may matter to them even if nothing is on it.
	waits bool
	// hard is what of a node does not change, by its name.
	hard map[string]string
}

func newClasses(w *world, on bool) *classes {
	c := &classes{off: !on, named: map[string]bool{}, waits: len(w.waiting) > 0, hard: map[string]string{}}
	keys := map[string]bool{cluster.ZoneLabel: true, corev1.LabelTopologyRegion: true}
	for _, of := range w.controllers {
		c.look(&of.of.Template.Spec, keys)
	}
	for _, class := range w.disks.classes {
		for _, term := range class.AllowedTopologies {
			for _, r := range term.MatchLabelExpressions {
				c.ask(keys, r.Key, r.Values...)
			}
		}
	}
	delete(keys, cluster.HostLabel)
	c.labels = slices.Sorted(maps.Keys(keys))
	for _, n := range w.nodes {
		c.hard[n.name()] = c.describe(n.object)
	}
	return c
}

// ask notes that somebody asks nodes for a label, or for its values.
func (c *classes) ask(keys map[string]bool, key string, values ...string) {
	keys[key] = true
	if key == cluster.HostLabel || key == metav1.ObjectNameField {
		for _, v := range values {
			c.named[v] = true
		}
	}
}

// look notes the keys of labels that a pod asks nodes for, and the names.
func (c *classes) look(spec *corev1.PodSpec, keys map[string]bool) {
	ask := func(key string, values ...string) { c.ask(keys, key, values...) }
	c.named[spec.NodeName] = true
	for key, value := range spec.NodeSelector {
		ask(key, value)
	}
	for _, s := range spec.TopologySpreadConstraints {
		ask(s.TopologyKey)
	}
	if spec.Affinity == nil {
		return
	}
	if a := spec.Affinity.NodeAffinity; a != nil {
		var terms []corev1.NodeSelectorTerm
		if r := a.RequiredDuringSchedulingIgnoredDuringExecution; r != nil {
			terms = append(terms, r.NodeSelectorTerms...)
		}
		for _, p := range a.PreferredDuringSchedulingIgnoredDuringExecution {
			terms = append(terms, p.Preference)
		}
		for _, t := range terms {
			for _, r := range append(slices.Clone(t.MatchExpressions), t.MatchFields...) {
				ask(r.Key, r.Values...)
			}
		}
	}
	for _, key := range topologies(spec.Affinity) {
		ask(key)
	}
}

// topologies are the keys of a pod's affinity to other pods.
func topologies(a *corev1.Affinity) []string {
	var required []corev1.PodAffinityTerm
	var preferred []corev1.WeightedPodAffinityTerm
	if p := a.PodAffinity; p != nil {
		required, preferred = append(required, p.RequiredDuringSchedulingIgnoredDuringExecution...), append(preferred, p.PreferredDuringSchedulingIgnoredDuringExecution...)
	}
	if p := a.PodAntiAffinity; p != nil {
		required, preferred = append(required, p.RequiredDuringSchedulingIgnoredDuringExecution...), append(preferred, p.PreferredDuringSchedulingIgnoredDuringExecution...)
	}
	var keys []string
	for _, t := range required {
		keys = append(keys, t.TopologyKey)
	}
	for _, t := range preferred {
		keys = append(keys, t.PodAffinityTerm.TopologyKey)
	}
	return keys
}

// describe is what of a node counts and does not change.
func (c *classes) describe(n *corev1.Node) string {
	var b strings.Builder
	if host := n.Labels[cluster.HostLabel]; c.off || c.named[n.Name] || c.named[host] || host != n.Name {
		fmt.Fprintf(&b, "%s=%s ", n.Name, host)
	}
	for _, key := range c.labels {
		if value, is := n.Labels[key]; is {
			fmt.Fprintf(&b, "%s=%s ", key, value)
		}
	}
	for _, t := range n.Spec.Taints {
		fmt.Fprintf(&b, "%s=%s:%s ", t.Key, t.Value, t.Effect)
	}
	fmt.Fprint(&b, n.Spec.Unschedulable)
	for _, name := range slices.Sorted(maps.Keys(n.Status.Allocatable)) {
		size := n.Status.Allocatable[name]
		fmt.Fprintf(&b, " %s=%s", name, size.String())
	}
	return b.String()
}

// of sorts nodes into classes, in the order of the first of each.
func (c *classes) of(nodes []*node) [][]*node {
	var all [][]*node
	at := map[string]int{}
	for _, n := range nodes {
		key := c.key(n)
		i, is := at[key]
		if !is {
			i = len(all)
			at[key] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], n)
	}
	return all
}

// key is equal for nodes that are. Of a node that nothing but DaemonSets' pods is on, nobody asks what it is like, unless a pod
// waits that it may matter to.
func (c *classes) key(n *node) string {
	var pods []string
	replaced := false
	for _, p := range n.pods {
		name := ""
		if p.of.of.Kind == workload.StatefulSet || p.lacks != nil { // the first that waits for a disk has it next
			name = p.name()
		}
		replaced = replaced || p.of.of.Kind != workload.DaemonSet
		pods = append(pods, fmt.Sprintf("%d %d %s %d %d", p.of.place, p.revision, name, p.state, p.due))
	}
	slices.SortFunc(pods, cmp.Compare)
	hard := ""
	if replaced || c.waits || c.off {
		hard = c.hard[n.name()]
	}
	return hard + "|" + strings.Join(pods, "|")
}
