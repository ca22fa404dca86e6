package scheduler

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// sized is a pod that takes so many of the 16 processors of a node.
func sized(app string, i int, cpu string, priority int32) *corev1.Pod {
	p := podOf(app, i)
	p.Spec.Priority = ptr.To(priority)
	p.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse(cpu)
	return p
}

func TestPreempt(t *testing.T) {
	budget := func(app string, allowed int32) []*policyv1.PodDisruptionBudget {
		return []*policyv1.PodDisruptionBudget{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: app},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}},
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed},
		}}
	}
	at := func(p *corev1.Pod, node int) *corev1.Pod {
		p.Spec.NodeName = fmt.Sprint("node-", node)
		return p
	}
	since := func(p *corev1.Pod, hour int) *corev1.Pod {
		p.Status.StartTime = &metav1.Time{Time: time.Date(2000, 1, 1, hour, 0, 0, 0, time.UTC)}
		return p
	}
	comes := sized("new", 0, "10", 10)
	for name, tt := range map[string]struct {
		there   []*corev1.Pod
		comes   *corev1.Pod
		budgets []*policyv1.PodDisruptionBudget
		node    string
		victims []string
	}{
		"the node of the least important pod": {
			there: []*corev1.Pod{at(sized("a", 0, "10", 5), 1), at(sized("b", 0, "10", 1), 2)},
			node:  "node-2", victims: []string{"b-0"},
		},
		"no more pods than it takes, the least important": {
			there: []*corev1.Pod{at(sized("a", 0, "8", 3), 1), at(sized("a", 1, "8", 2), 1), at(sized("b", 0, "16", 10), 2)},
			node:  "node-1", victims: []string{"a-0", "a-1"},
		},
		"a pod that leaves room is spared": {
			there: []*corev1.Pod{at(sized("a", 0, "6", 3), 1), at(sized("a", 1, "10", 2), 1), at(sized("b", 0, "16", 10), 2)},
			node:  "node-1", victims: []string{"a-1"},
		},
		"fewer pods of the same priority": {
			there: []*corev1.Pod{at(sized("a", 0, "8", 1), 1), at(sized("a", 1, "8", 1), 1), at(sized("b", 0, "16", 1), 2)},
			node:  "node-2", victims: []string{"b-0"},
		},
		"equal nodes: the first by name": {
			there: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 1), 2)},
			node:  "node-1", victims: []string{"a-0"},
		},
		"the pod that started last": {
			there: []*corev1.Pod{at(since(sized("a", 0, "16", 1), 1), 1), at(since(sized("b", 0, "16", 1), 2), 2)},
			node:  "node-2", victims: []string{"b-0"},
		},
		"a budget that allows none is spared": {
			there:   []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 5), 2)},
			budgets: budget("a", 0), node: "node-2", victims: []string{"b-0"},
		},
		"a budget that allows one is not asked for more": {
			there:   []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 5), 2)},
			budgets: budget("a", 1), node: "node-1", victims: []string{"a-0"},
		},
		"a budget is broken where nothing else helps": {
			there:   []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 10), 2)},
			budgets: budget("a", 0), node: "node-1", victims: []string{"a-0"},
		},
		"nobody is less important": {there: []*corev1.Pod{at(sized("a", 0, "16", 10), 1), at(sized("b", 0, "16", 11), 2)}},
		"it would not fit then either": {
			there: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 1), 2)}, comes: sized("new", 0, "17", 10),
		},
		"it must not": {
			there: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 1), 2)},
			comes: func() *corev1.Pod {
				p := comes.DeepCopy()
				p.Spec.PreemptionPolicy = ptr.To(corev1.PreemptNever)
				return p
			}(),
		},
		"only where it may be": {
			there: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 5), 2)},
			comes: func() *corev1.Pod {
				p := comes.DeepCopy()
				p.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-2"}
				return p
			}(),
			node: "node-2", victims: []string{"b-0"},
		},
		"those that it must not be with": {
			there: []*corev1.Pod{at(sized("a", 0, "1", 1), 1), at(sized("b", 0, "1", 1), 1), at(sized("a", 1, "1", 5), 2)},
			comes: func() *corev1.Pod { p := comes.DeepCopy(); p.Spec.Affinity = apart("a"); return p }(),
			node:  "node-1", victims: []string{"a-0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScheduler(t, 2, 0, ClusterObjects{})
			for _, p := range tt.there {
				if err := s.Add(p); err != nil {
					t.Fatal(err)
				}
			}
			if tt.comes == nil {
				tt.comes = comes
			}
			if _, err := s.Place(t.Context(), tt.comes); err == nil {
				t.Fatal("there is room without")
			}
			node, victims, err := s.Preempt(t.Context(), tt.comes, func() []*policyv1.PodDisruptionBudget { return tt.budgets })
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, v := range victims {
				names = append(names, v.Name)
			}
			if node != tt.node || !slices.Equal(names, tt.victims) {
				t.Errorf("%v go from %q, not %v from %q", names, node, tt.victims, tt.node)
			}
		})
	}
}

// TestPreemptMakesRoom holds what is said in random histories against what it means: the victims are less important, and
// when they are gone the pod fits. If nothing is said, the pod fits on no node that all less important pods have left.
func TestPreemptMakesRoom(t *testing.T) {
	helped, helpless := 0, 0
	for seed := range uint64(20) {
		r := newRandom(seed, 1)
		h := newHistory(t, r, 4+r.IntN(6))
		// Of a victim that goes already the scheduler subtracts from a spread what it has not added.
		h.noTerminating = true
		for step := range 100 {
			h.step(t, step)
			pod := h.pod()
			if _, err := h.fast.Place(t.Context(), pod); err == nil {
				continue
			}
			node, victims, err := h.fast.Preempt(t.Context(), pod, none)
			if err != nil {
				t.Fatal(err)
			}
			if node == "" {
				helpless++
				h.checkHelpless(t, pod)
				continue
			}
			helped++
			for _, v := range victims {
				if priority(v) >= priority(pod) || v.Spec.NodeName != node {
					t.Errorf("seed %d: %s on %s with priority %d goes for %d on %s", seed, v.Name, v.Spec.NodeName, priority(v), priority(pod), node)
				}
			}
			if !h.fitsWithout(t, pod, node, victims) {
				t.Errorf("seed %d: %s does not fit on %s without %d pods", seed, pod.Name, node, len(victims))
			}
		}
	}
	if helped < 50 || helpless < 50 {
		t.Errorf("room was made %d times, and not %d times: the histories show too little", helped, helpless)
	}
}

// checkHelpless clears each node of what is less important. A pod that needs others near it is not tried: the scheduler
// does not look whether their going helps.
func (h *history) checkHelpless(t *testing.T, pod *corev1.Pod) {
	if a := pod.Spec.Affinity; a != nil && a.PodAffinity != nil && len(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0 {
		return
	}
	for _, n := range h.nodes {
		var less []*corev1.Pod
		for _, p := range h.pods {
			if p.Spec.NodeName == n.Name && priority(p) < priority(pod) {
				less = append(less, p)
			}
		}
		if len(less) > 0 && h.fitsWithout(t, pod, n.Name, less) {
			t.Errorf("%s would fit on %s without %d pods", pod.Name, n.Name, len(less))
		}
	}
}

func (h *history) fitsWithout(t *testing.T, pod *corev1.Pod, node string, gone []*corev1.Pod) bool {
	t.Helper()
	for _, p := range gone {
		if err := h.fast.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	fit, _ := h.fast.Feasible(t.Context(), pod)
	for _, p := range gone {
		if err := h.fast.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Contains(fit, node)
}

// none are no budgets.
func none() []*policyv1.PodDisruptionBudget { return nil }
