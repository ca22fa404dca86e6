// Package survival plays failures: it places workloads on a cluster with kube-scheduler's own plugins, takes nodes away,
// and says who keeps serving.
package survival

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// world is workloads on a cluster at a moment. What happens to it can be taken back.
type world struct {
	scheduler *scheduler.Scheduler
	nodes     map[string]*corev1.Node
	pods      []*pod
	// zones are where claims are: a disk is made in the zone of its first pod, and stays there.
	zones map[string]string
	// undo takes back what happened, last first.
	undo []func()
}

// pod is one of a workload's pods.
type pod struct {
	of     *workload.Workload
	object *corev1.Pod
	// node is where it runs; "" while it waits, for the reason why.
	node string
	why  *scheduler.Unschedulable
}

// newWorld is a cluster on which nothing runs.
func newWorld(ctx context.Context, c cluster.Cluster) (*world, error) {
	s, err := scheduler.New(ctx, c.Nodes)
	if err != nil {
		return nil, err
	}
	w := &world{scheduler: s, nodes: map[string]*corev1.Node{}, zones: map[string]string{}}
	for _, n := range c.Nodes {
		w.nodes[n.Name] = n
	}
	return w, nil
}

// happened notes how to take back what was done.
func (w *world) happened(undo func()) { w.undo = append(w.undo, undo) }

// play lets something happen, and takes it back.
func (w *world) play(what func() error) error {
	mark := len(w.undo)
	err := what()
	for len(w.undo) > mark {
		last := len(w.undo) - 1
		undo := w.undo[last]
		w.undo = w.undo[:last]
		undo()
	}
	return err
}

// populate puts all pods on the cluster, those of the highest priority first, and otherwise in order.
func (w *world) populate(ctx context.Context, all []*workload.Workload) error {
	var created []*pod
	for _, of := range all {
		if of.Kind == workload.DaemonSet {
			created = append(created, w.daemons(of)...)
			continue
		}
		for i := range of.Replicas {
			created = append(created, w.create(of, i, 1))
		}
	}
	slices.SortStableFunc(created, func(a, b *pod) int { return int(priority(b.object)) - int(priority(a.object)) })
	for _, p := range created {
		if err := w.schedule(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func priority(p *corev1.Pod) int32 {
	if p.Spec.Priority == nil {
		return 0
	}
	return *p.Spec.Priority
}

// daemons makes a DaemonSet's pods: one for each node, bound to it.
func (w *world) daemons(of *workload.Workload) []*pod {
	var all []*pod
	for i, name := range w.nodeNames() {
		p := w.create(of, i, 1)
		bind(p.object, corev1.NodeSelectorRequirement{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{name}}, true)
		all = append(all, p)
	}
	return all
}

func (w *world) nodeNames() []string {
	names := make([]string, 0, len(w.nodes))
	for name := range w.nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// create makes a pod that waits.
func (w *world) create(of *workload.Workload, i, revision int) *pod {
	p := &pod{of: of, object: of.Pod(i, revision)}
	w.pods = append(w.pods, p)
	w.happened(func() { w.pods = slices.DeleteFunc(w.pods, func(other *pod) bool { return other == p }) })
	return p
}

// schedule finds a node for a pod that waits; if there is none, it waits on and says why.
func (w *world) schedule(ctx context.Context, p *pod) error {
	object := w.withDisks(p)
	name, err := w.scheduler.Place(ctx, object)
	var refused *scheduler.Unschedulable
	if errors.As(err, &refused) {
		before := p.why
		p.why = refused
		w.happened(func() { p.why = before })
		return nil
	}
	if err != nil {
		return fmt.Errorf("placing pod %s/%s: %w", object.Namespace, object.Name, err)
	}
	return w.put(p, object, name)
}

// put starts a pod on a node.
func (w *world) put(p *pod, object *corev1.Pod, name string) error {
	before, why := p.object, p.why
	object.Spec.NodeName = name
	if err := w.scheduler.Add(object); err != nil {
		return err
	}
	p.object, p.node, p.why = object, name, nil
	w.happened(func() {
		_ = w.scheduler.Remove(object) // it is there
		p.object, p.node, p.why = before, "", why
	})
	for _, claim := range p.claims() {
		if _, is := w.zones[claim]; !is {
			w.zones[claim] = w.nodes[name].Labels[cluster.ZoneLabel]
			w.happened(func() { delete(w.zones, claim) })
		}
	}
	return nil
}

// terminate marks a pod for deletion on a node that cannot delete it: it stands there until the node is back or removed.
func (w *world) terminate(p *pod) error {
	before, now := p.object, p.object.DeepCopy()
	now.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	swap := func(from, to *corev1.Pod) error {
		p.object = to
		return errors.Join(w.scheduler.Remove(from), w.scheduler.Add(to))
	}
	w.happened(func() { _ = swap(now, before) })
	return swap(before, now)
}

// claims are the names of a pod's own disks.
func (p *pod) claims() []string {
	names := make([]string, len(p.of.Claims))
	for i, c := range p.of.Claims {
		names[i] = p.object.Namespace + "/" + c.Name + "-" + p.object.Name
	}
	return names
}

// withDisks is the pod bound to the zones of the disks that it has.
func (w *world) withDisks(p *pod) *corev1.Pod {
	object := p.object.DeepCopy()
	object.Spec.NodeName = ""
	for _, claim := range p.claims() {
		if zone := w.zones[claim]; zone != "" {
			bind(object, corev1.NodeSelectorRequirement{Key: cluster.ZoneLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}, false)
		}
	}
	return object
}

// bind adds a requirement on the node, of a label or, if field, of its name.
func bind(p *corev1.Pod, r corev1.NodeSelectorRequirement, field bool) {
	if p.Spec.Affinity == nil {
		p.Spec.Affinity = &corev1.Affinity{}
	}
	if p.Spec.Affinity.NodeAffinity == nil {
		p.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := &p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if *required == nil {
		*required = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
	}
	for i := range (*required).NodeSelectorTerms {
		term := &(*required).NodeSelectorTerms[i]
		if field {
			term.MatchFields = append(term.MatchFields, r)
		} else {
			term.MatchExpressions = append(term.MatchExpressions, r)
		}
	}
}

// lose takes the power of nodes: they are not ready, and nothing is put on them.
func (w *world) lose(names ...string) []*pod {
	var gone []*pod
	for _, name := range names {
		before := w.nodes[name]
		lost := before.DeepCopy()
		for _, effect := range []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute} {
			lost.Spec.Taints = append(lost.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: effect})
		}
		w.nodes[name] = lost
		w.scheduler.SetNode(lost)
		w.happened(func() {
			w.nodes[name] = before
			w.scheduler.SetNode(before)
		})
		for _, p := range w.pods {
			if p.node == name {
				gone = append(gone, p)
			}
		}
	}
	return gone
}
