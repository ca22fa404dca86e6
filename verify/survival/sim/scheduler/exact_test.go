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

// TestCellsAreExact plays random histories with two schedulers, of which one asks the plugins about every node: both find
// the same nodes, and the same reasons against.
func TestCellsAreExact(t *testing.T) {
	placed, refused, kept := 0, 0, 0
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
				kept += len(h.nominated)
			}
		})
	}
	if placed < 3000 || refused < 300 || kept < 3000 {
		t.Errorf("%d pods were placed and %d refused, and room was kept %d times: the histories show too little", placed, refused, kept)
	}
}

// history is what happens to two schedulers.
type history struct {
	*random
	fast, exhaustive *Scheduler
	nodes            map[int]*corev1.Node
	next             int
	pods             []*corev1.Pod
	// kept are pods for which room is kept on a node.
	nominated []*corev1.Pod
	// stay: no pod is seen while it goes.
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
	for _, s := range []**Scheduler{&h.fast, &h.exhaustive} {
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

// step places one pod, and lets something else happen now and then. It tells whether there was a node for the pod.
func (h *history) step(t *testing.T, step int) bool {
	pod := h.pod()
	if len(h.nominated) > 0 && h.in(20) {
		pod = one(h.random, h.nominated...)
	}
	var disks []*corev1.NodeSelector
	for h.in(20) {
		disks = append(disks, &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{h.nodeTerm()}})
	}
	node, err := h.fast.Place(t.Context(), pod, disks...)
	plainNode, plainErr := h.exhaustive.Place(t.Context(), pod, disks...)
	var why, plainWhy *Unschedulable
	if errors.As(err, &why) != errors.As(plainErr, &plainWhy) || node != plainNode || !reflect.DeepEqual(why, plainWhy) {
		t.Fatalf("step %d: %s is placed on %q (%v), of all nodes on %q (%v)", step, pod.Name, node, err, plainNode, plainErr)
	}
	if why == nil && err != nil {
		t.Fatal(err)
	}
	fit, _ := h.fast.Feasible(t.Context(), pod, disks...)
	plainFit, _ := h.exhaustive.Feasible(t.Context(), pod, disks...)
	if !slices.Equal(fit, plainFit) {
		t.Fatalf("step %d: %s fits on %v, of all nodes on %v", step, pod.Name, fit, plainFit)
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

// keep keeps room for a pod somewhere, now and then, if it waits, and nowhere if it does not.
func (h *history) nominate(pod *corev1.Pod, waits bool) {
	all := []*Scheduler{h.fast, h.exhaustive}
	if at := slices.Index(h.nominated, pod); at >= 0 {
		h.nominated = slices.Delete(h.nominated, at, at+1)
		for _, s := range all {
			s.Withdraw(pod)
		}
	}
	if waits && h.in(50) {
		pod.Status.NominatedNodeName = numbered("node-%02d", h.IntN(h.next), 0)
		h.nominated = append(h.nominated, pod)
		for _, s := range all {
			s.Nominate(pod)
		}
	}
}

func (h *history) both(t *testing.T, do func(*Scheduler) error) {
	t.Helper()
	for _, s := range []*Scheduler{h.fast, h.exhaustive} {
		if err := do(s); err != nil {
			t.Fatal(err)
		}
	}
}

// change lets pods and nodes go, come and change.
func (h *history) change(t *testing.T) {
	if len(h.pods) > 0 && h.in(25) {
		at := h.IntN(len(h.pods))
		gone := h.pods[at]
		h.pods = slices.Delete(h.pods, at, at+1)
		h.both(t, func(s *Scheduler) error { return s.Remove(gone) })
	}
	if len(h.pods) > 0 && h.in(10) && !h.noTerminating {
		at := h.IntN(len(h.pods))
		going := h.pods[at].DeepCopy()
		going.DeletionTimestamp = &metav1.Time{}
		h.both(t, func(s *Scheduler) error { return errors.Join(s.Remove(h.pods[at]), s.Add(going)) })
		h.pods[at] = going
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
