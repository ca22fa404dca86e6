package survival

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// controller makes the pods of a workload, and replaces them.
type controller struct {
	of *workload.Workload
	// place is that of the workload in the system.
	place int
	// pods are all that the API has; ready is how many of them are, made how many there ever were.
	pods        []*pod
	ready, made int
	// want is how many pods there should be, revision which template they should have: 1 at rest.
	want, revision int
	// old and new are how many pods the ReplicaSets of a Deployment should have.
	old, new int
	// on are the nodes on which a DaemonSet runs, absent how many of them have no power.
	on     []*node
	absent int
	pair   []pair

	// reconcile does what is to be done at a moment, and tells whether it did anything.
	reconcile func(*world, *controller) (bool, error)
	// grace is how long a pod takes to stop, start to become ready, minReady to count as available after that.
	grace, start, minReady time.Duration
	priority               int32
	// alike: where one of its pods fits on no node, no other does, for none has a disk or a node of its own.
	alike bool
	// looks select the pods that its own must be near to or spread from.
	looks []labels.Selector
	// seen is what was seen of it in a play; nil while it is not touched.
	seen *seen
}

// seen is what a play does to a workload.
type seen struct {
	// least is the fewest pods that were ready, leastAt the first moment at which they were.
	least   int
	leastAt time.Duration
	// since is when it stopped to serve, never if it does; outage the longest time that it did not, until it did.
	since, outage time.Duration
	// without is since when a node has had none of the pods that serve it alone.
	without map[*node]time.Duration
	// went: a pod that was ready is so no more.
	went bool
}

// newController is that of a workload that has no pods yet.
func newController(w *world, place int, of *workload.Workload) *controller {
	spec := of.Pod(0, 1).Spec
	c := &controller{of: of, place: place, want: of.Replicas, revision: 1, old: of.Replicas, start: startOf(&spec), grace: graceOf(&spec), minReady: of.MinReady}
	if spec.Priority != nil {
		c.priority = *spec.Priority
	}
	c.looks = looksOf(&of.Template.Spec)
	c.alike = of.Kind != workload.DaemonSet && len(of.Claims) == 0
	c.reconcile = map[string]func(*world, *controller) (bool, error){
		workload.Deployment: deployment, workload.StatefulSet: statefulSet, workload.DaemonSet: daemonSet,
		workload.ReplicaSet: replicaSet, workload.Job: replicaSet, workload.Pod: once,
	}[of.Kind]
	if of.Kind == workload.DaemonSet {
		for _, n := range w.nodes {
			if runsOn(&spec, n.object) {
				c.on = append(c.on, n)
			}
		}
	}
	return c
}

// looksOf are the selectors by which a pod that comes, or is about to go, may make room for a pod elsewhere: those of hard
// spread and of affinity, of any revision. In everything else a pod only takes room, until it is gone.
func looksOf(spec *corev1.PodSpec) []labels.Selector {
	var all []labels.Selector
	add := func(s *metav1.LabelSelector) {
		if selector, err := metav1.LabelSelectorAsSelector(s); err == nil {
			all = append(all, selector)
		}
	}
	for _, c := range spec.TopologySpreadConstraints {
		if c.WhenUnsatisfiable == corev1.DoNotSchedule {
			add(c.LabelSelector)
		}
	}
	if spec.Affinity != nil && spec.Affinity.PodAffinity != nil {
		for _, t := range spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			add(t.LabelSelector)
		}
	}
	return all
}

// nudge makes pods that wait try again, to whom a pod may matter that came or is about to go.
func (w *world) nudge(p *pod) {
	for _, q := range w.waiting {
		if q.of == p.of || slices.ContainsFunc(q.of.looks, func(s labels.Selector) bool { return s.Matches(labels.Set(p.object.Labels)) }) {
			q.tried = -1
		}
	}
}

// touch notes that a controller has something to do.
func (w *world) touch(c *controller) {
	if c.seen == nil {
		c.seen = &seen{least: c.ready, since: never}
		w.touched = append(w.touched, c)
	}
}

// wanted is how many pods a workload should have. Nobody misses a DaemonSet's pod on a node without power.
func (c *controller) wanted() int {
	if c.of.Kind == workload.DaemonSet {
		return len(c.on) - c.absent
	}
	return c.want
}

// needs is how many pods it takes to serve.
func (c *controller) needs() int { return c.of.Replication.Model.Needs(c.wanted()) }

// active are the pods of a revision that nobody has marked for deletion.
func (c *controller) active(revision int) []*pod {
	var list []*pod
	for _, p := range c.pods {
		if p.active() && p.revision == revision {
			list = append(list, p)
		}
	}
	return list
}

// replicaSet makes up for pods that are gone or about to go, wherever they were.
func replicaSet(w *world, c *controller) (bool, error) { return w.scale(c, 1, c.want) }

// once makes what nobody makes again.
func once(w *world, c *controller) (bool, error) {
	if c.made > 0 {
		return false, nil
	}
	w.create(c, 0, 1, nil)
	return true, nil
}

// scale makes a revision have as many pods as it should, as a ReplicaSet does (pkg/controller/replicaset/replica_set.go).
func (w *world) scale(c *controller, revision, to int) (bool, error) {
	has := c.active(revision)
	for range to - len(has) {
		w.create(c, c.made, revision, nil)
	}
	if len(has) > to {
		slices.SortStableFunc(has, w.firstToGo)
		for _, p := range has[:len(has)-to] {
			if err := w.stop(p, "replaced"); err != nil {
				return true, err
			}
		}
	}
	return len(has) != to, nil
}

// firstToGo orders pods of a ReplicaSet as it deletes them: those without a node, those that are not ready, those that share
// their node with most others of the workload, and the last that were made (ActivePodsWithRanks in
// pkg/controller/controller_utils.go).
func (w *world) firstToGo(a, b *pod) int {
	for _, differ := range []int{rank(a.node == nil, b.node == nil), rank(a.state != ready, b.state != ready), together(b) - together(a)} {
		if differ != 0 {
			return differ
		}
	}
	return b.index - a.index
}

// rank puts what is so before what is not.
func rank(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// together is how many active pods of its workload are on a pod's node.
func together(p *pod) int {
	if p.node == nil {
		return 0
	}
	n := 0
	for _, other := range p.node.pods {
		if other.of == p.of && other.active() {
			n++
		}
	}
	return n
}
