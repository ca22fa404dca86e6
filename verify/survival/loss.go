package survival

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// When the control plane notices that a node has lost its power, unless said, by its defaults (NodeMonitorGracePeriod in
// pkg/controller/nodelifecycle/config/v1alpha1/defaults.go, 40 s before 1.32; --node-eviction-rate, for a zone).
const (
	noticed = 50 * time.Second
	apart   = 10 * time.Second
)

// unreachable are the taints of a node that does not answer.
var unreachable = []corev1.Taint{
	{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute},
}

// lose takes the power of nodes. Their pods are silent from now on; each stands until it is marked, which is when its
// tolerations of the node's silence end. If no node is left, the control plane takes the fault for its own and marks none.
func (w *world) lose(nodes []*node) error {
	for _, n := range nodes {
		lost := n.object.DeepCopy()
		lost.Spec.Taints = append(lost.Spec.Taints, unreachable...)
		w.setNode(n, lost)
		set(w, &n.lost, true)
	}
	set(w, &w.lost, w.lost+len(nodes))
	for _, c := range w.controllers {
		if c.of.Kind == workload.DaemonSet {
			w.lack(c, nodes)
		}
	}
	turn := map[string]time.Duration{} // nodes of a zone are marked one after the other
	for _, n := range nodes {
		zone := n.object.Labels[corev1.LabelTopologyZone]
		for _, p := range n.pods {
			due := never
			if after, ends := UnreachableToleration(&p.object.Spec); ends && w.lost < len(w.nodes) {
				due = w.now + w.detection + turn[zone] + after
			}
			if p.state == stopping {
				w.become(p, stopping, never)
				continue
			}
			w.changes = append(w.changes, Change{Pod: p.name(), Workload: p.of.of, From: n.object.Name, Reason: "its node is lost"})
			w.become(p, silent, due)
		}
		turn[zone] += apart
	}
	return nil
}

// lack notes how many of a DaemonSet's nodes are lost now.
func (w *world) lack(c *controller, nodes []*node) {
	n := 0
	for _, lost := range nodes {
		if _, is := slices.BinarySearchFunc(c.on, lost, func(a, b *node) int { return strings.Compare(a.object.Name, b.object.Name) }); is {
			n++
		}
	}
	if n > 0 {
		w.touch(c)
		set(w, &c.absent, c.absent+n)
	}
}

// Tolerates is how long a pod stays bound to a node that does not answer: the shortest time that a toleration which counts
// gives (pkg/controller/tainteviction/taint_eviction.go). It does not end if all that count give it for ever.
func UnreachableToleration(spec *corev1.PodSpec) (after time.Duration, ends bool) {
	shortest := never
	taint := unreachable[1]
	tolerated := false
	for _, t := range spec.Tolerations {
		if !t.ToleratesTaint(klog.Background(), &taint, false) {
			continue
		}
		tolerated = true
		if t.TolerationSeconds != nil {
			shortest = min(shortest, time.Duration(max(0, *t.TolerationSeconds))*time.Second)
		}
	}
	if !tolerated {
		return 0, true
	}
	return shortest, shortest != never
}
