package scheduler

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestGroupsAreExact applies random histories to two schedulers, one of which runs the plugins for every node. Both must
// find the same nodes, and refuse others for the same reasons.
func TestGroupsAreExact(t *testing.T) {
	placed, refused, nominations := 0, 0, 0
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRandom(seed, 0)
			h := newHistory(t, r, 10+r.IntN(50))
			for step := range 120 {
				if h.step(t, step) {
					placed++
				} else {
					refused++
				}
				nominations += len(h.nominated)
			}
		})
	}
	if placed < 3000 || refused < 300 || nominations < 3000 {
		t.Errorf("%d pods placed, %d refused, %d nominations: too few to prove anything", placed, refused, nominations)
	}
}

// history applies the same changes to two schedulers.
type history struct {
	*random
	grouped, exhaustive *Scheduler
	nodes               map[int]*corev1.Node
	next                int
	pods                []*corev1.Pod
	// nominated are the pods with a nominated node.
	nominated []*corev1.Pod
	// noTerminating is set if pods are removed at once, without being Terminating.
	noTerminating bool
}

func newHistory(t *testing.T, r *random, nodes int) *history {
	t.Helper()
	h := &history{random: r, nodes: map[int]*corev1.Node{}}
	var all []*corev1.Node
	for range nodes {
		h.nodes[h.next] = r.node(h.next)
		all = append(all, h.nodes[h.next])
		h.next++
	}
	for _, s := range []**Scheduler{&h.grouped, &h.exhaustive} {
		var err error
		if *s, err = New(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if err := (*s).SetObjects(clusterObjects()); err != nil {
			t.Fatal(err)
		}
	}
	h.exhaustive.exhaustive = true
	return h
}

// step places one pod and makes other random changes. It reports whether the pod fits on a node.
func (h *history) step(t *testing.T, step int) bool {
	pod := h.pod()
	if len(h.nominated) > 0 && h.in(20) {
		pod = one(h.random, h.nominated...)
	}
	var volumes []Volume
	for h.in(20) {
		volumes = append(volumes, Volume{Nodes: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{h.nodeTerm()}}})
	}
	node, err := h.grouped.Place(t.Context(), pod, volumes...)
	exhaustiveNode, exhaustiveErr := h.exhaustive.Place(t.Context(), pod, volumes...)
	var why, exhaustiveWhy *Unschedulable
	if errors.As(err, &why) != errors.As(exhaustiveErr, &exhaustiveWhy) || node != exhaustiveNode || !reflect.DeepEqual(why, exhaustiveWhy) {
		t.Fatalf("step %d: %s is placed on %q (%v), exhaustively on %q (%v)", step, pod.Name, node, err, exhaustiveNode, exhaustiveErr)
	}
	if why == nil && err != nil {
		t.Fatal(err)
	}
	fit, _ := h.grouped.Feasible(t.Context(), pod, volumes...)
	exhaustiveFit, _ := h.exhaustive.Feasible(t.Context(), pod, volumes...)
	if !slices.Equal(fit, exhaustiveFit) {
		t.Fatalf("step %d: %s fits on %v, exhaustively on %v", step, pod.Name, fit, exhaustiveFit)
	}
	h.nominate(pod, node == "")
	if node != "" {
		pod = pod.DeepCopy()
		pod.Spec.NodeName = node
		h.both(t, func(s *Scheduler) error { return s.Add(pod) })
		h.pods = append(h.pods, pod)
	}
	h.change(t)
	return node != ""
}

// nominate sometimes nominates a random node for a pod that is Pending, and withdraws an earlier nomination.
func (h *history) nominate(pod *corev1.Pod, pending bool) {
	all := []*Scheduler{h.grouped, h.exhaustive}
	if at := slices.Index(h.nominated, pod); at >= 0 {
		h.nominated = slices.Delete(h.nominated, at, at+1)
		for _, s := range all {
			s.Withdraw(pod)
		}
	}
	if pending && h.in(50) {
		pod.Status.NominatedNodeName = numbered("node-%02d", h.IntN(h.next), 0)
		h.nominated = append(h.nominated, pod)
		for _, s := range all {
			s.Nominate(pod)
		}
	}
}

func (h *history) both(t *testing.T, do func(*Scheduler) error) {
	t.Helper()
	for _, s := range []*Scheduler{h.grouped, h.exhaustive} {
		if err := do(s); err != nil {
			t.Fatal(err)
		}
	}
}

// change adds, removes and changes pods and nodes.
func (h *history) change(t *testing.T) {
	if len(h.pods) > 0 && h.in(25) {
		at := h.IntN(len(h.pods))
		removed := h.pods[at]
		h.pods = slices.Delete(h.pods, at, at+1)
		h.both(t, func(s *Scheduler) error { return s.Remove(removed) })
	}
	if len(h.pods) > 0 && h.in(10) && !h.noTerminating {
		at := h.IntN(len(h.pods))
		terminating := h.pods[at].DeepCopy()
		terminating.DeletionTimestamp = &metav1.Time{}
		h.both(t, func(s *Scheduler) error { return errors.Join(s.Remove(h.pods[at]), s.Add(terminating)) })
		h.pods[at] = terminating
	}
	i := h.IntN(h.next)
	switch n := h.nodes[i]; {
	case n == nil:
	case h.in(10):
		h.nodes[i] = h.changed(n, i)
		h.both(t, func(s *Scheduler) error { s.SetNode(h.nodes[i]); return nil })
	case h.in(3) && len(h.nodes) > 3:
		delete(h.nodes, i)
		h.pods = slices.DeleteFunc(h.pods, func(p *corev1.Pod) bool { return p.Spec.NodeName == n.Name })
		h.both(t, func(s *Scheduler) error { s.RemoveNode(n.Name); return nil })
	case h.in(3):
		h.nodes[h.next] = h.node(h.next)
		h.both(t, func(s *Scheduler) error { s.SetNode(h.nodes[h.next]); return nil })
		h.next++
	}
}
