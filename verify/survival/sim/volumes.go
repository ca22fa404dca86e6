package sim

import (
	"cmp"
	"iter"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
)

// volumes are the persistent volumes of pods: those that exist, and those that are created or bound for a pod.
//
// A delayed volume is created where its first pod is placed. Other volumes are created before the pod, anywhere in their scope:
// here in the first zone, the worst case. Both keep to the allowed topologies of the class. The choice of a PersistentVolume and
// the conditions on nodes are those of the volume binder (pkg/scheduler/framework/plugins/volumebinding/binder.go).
//
// Not simulated, but named by survival.Assumptions: the capacity of storage, and limits of volumes per node.
type volumes struct {
	*storage.Storage
	journal *journal
	nodes   []*corev1.Node
	// bound are the volumes that were created or bound, by the key of the mount.
	bound map[string]boundVolume
	// taken are the PersistentVolumes that were bound, by name.
	taken map[string]bool
}

// boundVolume is a volume that exists. The nodes on which it is usable match all selectors.
type boundVolume struct {
	storage.Reach
	selectors []*corev1.NodeSelector
}

func newVolumes(s *storage.Storage, nodes []*corev1.Node, j *journal) *volumes {
	return &volumes{Storage: s, journal: j, nodes: nodes, bound: map[string]boundVolume{}, taken: map[string]bool{}}
}

// reach returns where a volume is usable, and by whom.
func (v *volumes) reach(m *storage.Mount) storage.Reach {
	if b, ok := v.bound[m.Key]; ok {
		return b.Reach
	}
	return m.Reach
}

// bindImmediate creates or binds the volumes of a new pod that do not wait for its node.
func (v *volumes) bindImmediate(p *Pod) {
	for i := range p.mounts {
		m := &p.mounts[i]
		if _, ok := v.bound[m.Key]; ok || m.Delayed || m.Missing {
			continue
		}
		if pv := v.Match(m.Claim, nil, v.isTaken); pv != nil {
			v.bindVolume(m, pv)
		} else if !m.Static {
			v.create(m, v.first(m))
		}
	}
}

// bindFirstConsumer creates or binds the volumes of a pod on a node that waited for it.
func (v *volumes) bindFirstConsumer(p *Pod) {
	node := p.node.object
	chosen := v.choose(p, node)
	for i := range p.mounts {
		m := &p.mounts[i]
		if _, ok := v.bound[m.Key]; ok {
			continue
		}
		switch pv := chosen[m.Key]; {
		case pv != nil:
			v.bindVolume(m, pv)
			v.pin(m, node)
		case m.Volume != nil:
			v.bindVolume(m, m.Volume)
			v.pin(m, node)
		default:
			v.create(m, node)
		}
	}
}

// release forgets the volumes of a pod that are deleted with it.
func (v *volumes) release(p *Pod) {
	for _, m := range p.mounts {
		if b, ok := v.bound[m.Key]; ok && m.Temporary {
			delete(v.bound, m.Key)
			v.journal.record(func() { v.bound[m.Key] = b })
		}
	}
}

func (v *volumes) isTaken(name string) bool { return v.taken[name] }

func (v *volumes) set(key string, to boundVolume) {
	before, ok := v.bound[key]
	v.bound[key] = to
	v.journal.record(func() {
		if v.bound[key] = before; !ok {
			delete(v.bound, key)
		}
	})
}

// bindVolume binds a PersistentVolume of the input.
func (v *volumes) bindVolume(m *storage.Mount, pv *corev1.PersistentVolume) {
	v.set(m.Key, boundVolume{v.ReachOf(pv), storage.Selectors(pv)})
	if !v.taken[pv.Name] {
		v.taken[pv.Name] = true
		v.journal.record(func() { delete(v.taken, pv.Name) })
	}
}

// create creates a volume that stays in the topology of a node; nil: in the allowed topologies, where no node is.
func (v *volumes) create(m *storage.Mount, n *corev1.Node) {
	b := boundVolume{Reach: m.Reach}
	if n == nil {
		b.selectors = []*corev1.NodeSelector{{NodeSelectorTerms: v.allowed(m)}}
	}
	v.set(m.Key, b)
	v.pin(m, n)
}

// pin keeps a volume in the topology of a node. A node without the labels pins nothing.
func (v *volumes) pin(m *storage.Mount, n *corev1.Node) {
	b := v.bound[m.Key]
	if n == nil || b.Scope == storage.Anywhere {
		return
	}
	term := corev1.NodeSelectorTerm{}
	for _, key := range b.Labels {
		value := n.Labels[key]
		if value == "" || len(term.MatchExpressions) > 0 && !b.EveryLabel {
			continue
		}
		term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: v.zones(key, value, b.Zones)})
	}
	if len(term.MatchExpressions) > 0 {
		b.selectors = append(slices.Clone(b.selectors), &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term}})
		v.set(m.Key, b)
	}
}

// zones returns the zones of a volume: that of its first pod, and the next ones by name for a volume that is replicated across
// zones.
func (v *volumes) zones(key, first string, count int) []string {
	all := []string{}
	for _, n := range v.nodes {
		if value := n.Labels[key]; value != "" {
			all = append(all, value)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	i := slices.Index(all, first)
	zones := []string{first}
	for len(zones) < min(count, len(all)) {
		i = (i + 1) % len(all)
		zones = append(zones, all[i])
	}
	return zones
}

// first returns the first node by the labels of a volume on which its class allows it, nil if there is none.
func (v *volumes) first(m *storage.Mount) *corev1.Node {
	terms := v.allowed(m)
	allowed := nodeaffinity.NewLazyErrorNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: terms})
	var first *corev1.Node
	for _, n := range v.nodes {
		if fits, err := allowed.Match(n); len(terms) > 0 && (!fits || err != nil) {
			continue
		}
		if first == nil || less(n, first, m.Labels) {
			first = n
		}
	}
	return first
}

// less orders nodes by labels. A node without a label comes last.
func less(a, b *corev1.Node, labels []string) bool {
	for _, key := range labels {
		x, y := a.Labels[key], b.Labels[key]
		if x != y {
			return y == "" || x != "" && x < y
		}
	}
	return false
}

// allowed returns the allowed topologies of a volume's class as node selector terms; all nodes without terms. A label that a node
// does not have matches nothing (checkVolumeProvisions in pkg/scheduler/framework/plugins/volumebinding/binder.go).
func (v *volumes) allowed(m *storage.Mount) []corev1.NodeSelectorTerm {
	return storage.Allowed(m.Class)
}

// choose returns the PersistentVolumes that the delayed claims of a pod bind on a node, by the key of the mount. The smallest
// request is served first.
func (v *volumes) choose(p *Pod, n *corev1.Node) map[string]*corev1.PersistentVolume {
	chosen := map[string]*corev1.PersistentVolume{}
	used := map[string]bool{}
	for _, m := range v.unbound(p) {
		if pv := v.Match(m.Claim, n, func(name string) bool { return v.taken[name] || used[name] }); pv != nil {
			chosen[m.Key], used[pv.Name] = pv, true
		}
	}
	return chosen
}

// unbound returns the delayed claims of a pod that may bind a PersistentVolume of the input, the smallest request first.
func (v *volumes) unbound(p *Pod) []*storage.Mount {
	var list []*storage.Mount
	for i := range p.mounts {
		m := &p.mounts[i]
		if _, ok := v.bound[m.Key]; !ok && m.Delayed && m.Claim != nil && m.Volume == nil && !m.Missing && (m.Static || v.Candidates(m.Claim)) {
			list = append(list, m)
		}
	}
	size := func(m *storage.Mount) int64 {
		q := m.Claim.Spec.Resources.Requests[corev1.ResourceStorage]
		return q.Value()
	}
	slices.SortStableFunc(list, func(a, b *storage.Mount) int { return cmp.Compare(size(a), size(b)) })
	return list
}

// noNode matches no node.
var noNode = &corev1.NodeSelector{}

// selectors returns the volumes of a pod that limit its nodes.
func (v *volumes) selectors(p *Pod, inUse func(*storage.Mount) bool) []scheduler.Volume {
	var all []scheduler.Volume
	add := func(reason string, selectors ...*corev1.NodeSelector) {
		for _, s := range selectors {
			all = append(all, scheduler.Volume{Nodes: s, Reason: reason})
		}
	}
	for i := range p.mounts {
		m := &p.mounts[i]
		b, ok := v.bound[m.Key]
		switch {
		case ok:
			add("", b.selectors...)
		case m.Volume != nil:
			add("", storage.Selectors(m.Volume)...)
		case m.Missing || !m.Delayed:
			add(scheduler.Unbound, noNode)
		default:
			if terms := v.allowed(m); len(terms) > 0 && !v.Candidates(m.Claim) {
				add(scheduler.NoVolume, &corev1.NodeSelector{NodeSelectorTerms: terms})
			}
		}
		if v.reach(m).OnePod && inUse(m) {
			add(scheduler.UsedByPod, noNode)
		}
	}
	if unbound := v.unbound(p); len(unbound) > 0 {
		add(scheduler.NoVolume, v.bindable(p, unbound))
	}
	return all
}

// bindable selects the nodes on which all delayed claims of a pod find a PersistentVolume or can be provisioned.
func (v *volumes) bindable(p *Pod, unbound []*storage.Mount) *corev1.NodeSelector {
	selector := &corev1.NodeSelector{}
	for _, n := range v.nodes {
		chosen := v.choose(p, n)
		ok := true
		for _, m := range unbound {
			terms := v.allowed(m)
			fits, err := nodeaffinity.NewLazyErrorNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: terms}).Match(n)
			ok = ok && (chosen[m.Key] != nil || !m.Static && (len(terms) == 0 || fits && err == nil))
		}
		if ok {
			name := corev1.NodeSelectorRequirement{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{n.Name}}
			selector.NodeSelectorTerms = append(selector.NodeSelectorTerms, corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{name}})
		}
	}
	return selector
}

// topologies yields the node labels that volumes refer to, with their values: those of allowed topologies, of PersistentVolumes and
// of the drivers.
func (v *volumes) topologies() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, class := range v.Classes {
			for _, topology := range class.AllowedTopologies {
				for _, r := range topology.MatchLabelExpressions {
					if !yield(r.Key, r.Values) {
						return
					}
				}
			}
		}
		for _, pv := range v.Volumes {
			for _, selector := range storage.Selectors(pv) {
				for _, term := range selector.NodeSelectorTerms {
					for _, r := range slices.Concat(term.MatchExpressions, term.MatchFields) {
						if !yield(r.Key, r.Values) {
							return
						}
					}
				}
			}
		}
		for _, key := range v.TopologyKeys() {
			if !yield(key, nil) {
				return
			}
		}
	}
}
