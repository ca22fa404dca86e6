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

// sized returns a pod with a CPU request. Nodes have 16 CPUs.
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
	incoming := sized("new", 0, "10", 10)
	for name, tt := range map[string]struct {
		running []*corev1.Pod
		pod     *corev1.Pod
		budgets []*policyv1.PodDisruptionBudget
		node    string
		victims []string
	}{
		"node of the pod with the lowest priority": {
			running: []*corev1.Pod{at(sized("a", 0, "10", 5), 1), at(sized("b", 0, "10", 1), 2)},
			node:    "node-2", victims: []string{"b-0"},
		},
		"node of the lowest priorities, two victims": {
			running: []*corev1.Pod{at(sized("a", 0, "8", 3), 1), at(sized("a", 1, "8", 2), 1), at(sized("b", 0, "16", 10), 2)},
			node:    "node-1", victims: []string{"a-0", "a-1"},
		},
		"a pod that still fits is spared": {
			running: []*corev1.Pod{at(sized("a", 0, "6", 3), 1), at(sized("a", 1, "10", 2), 1), at(sized("b", 0, "16", 10), 2)},
			node:    "node-1", victims: []string{"a-1"},
		},
		"fewer victims of the same priority": {
			running: []*corev1.Pod{at(sized("a", 0, "8", 1), 1), at(sized("a", 1, "8", 1), 1), at(sized("b", 0, "16", 1), 2)},
			node:    "node-2", victims: []string{"b-0"},
		},
		"first of equal nodes by name": {
			running: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 1), 2)},
			node:    "node-1", victims: []string{"a-0"},
		},
		"newest pod": {
			running: []*corev1.Pod{at(since(sized("a", 0, "16", 1), 1), 1), at(since(sized("b", 0, "16", 1), 2), 2)},
			node:    "node-2", victims: []string{"b-0"},
		},
		"budget that allows no disruption": {
			running: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 5), 2)},
			budgets: budget("a", 0), node: "node-2", victims: []string{"b-0"},
		},
		"budget that allows one disruption": {
			running: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 5), 2)},
			budgets: budget("a", 1), node: "node-1", victims: []string{"a-0"},
		},
		"budget is violated if there is no other candidate": {
			running: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 10), 2)},
			budgets: budget("a", 0), node: "node-1", victims: []string{"a-0"},
		},
		"no lower priority": {running: []*corev1.Pod{at(sized("a", 0, "16", 10), 1), at(sized("b", 0, "16", 11), 2)}},
		"larger than a node": {
			running: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 1), 2)}, pod: sized("new", 0, "17", 10),
		},
		"preemptionPolicy Never": {
			running: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 1), 2)},
			pod: func() *corev1.Pod {
				p := incoming.DeepCopy()
				p.Spec.PreemptionPolicy = ptr.To(corev1.PreemptNever)
				return p
			}(),
		},
		"node selector": {
			running: []*corev1.Pod{at(sized("a", 0, "16", 1), 1), at(sized("b", 0, "16", 5), 2)},
			pod: func() *corev1.Pod {
				p := incoming.DeepCopy()
				p.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-2"}
				return p
			}(),
			node: "node-2", victims: []string{"b-0"},
		},
		"anti-affinity": {
			running: []*corev1.Pod{at(sized("a", 0, "1", 1), 1), at(sized("b", 0, "1", 1), 1), at(sized("a", 1, "1", 5), 2)},
			pod:     func() *corev1.Pod { p := incoming.DeepCopy(); p.Spec.Affinity = antiAffinity("a"); return p }(),
			node:    "node-1", victims: []string{"a-0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScheduler(t, 2, 0, ClusterObjects{})
			for _, p := range tt.running {
				if err := s.Add(p); err != nil {
					t.Fatal(err)
				}
			}
			if tt.pod == nil {
				tt.pod = incoming
			}
			if _, err := s.Place(t.Context(), tt.pod); err == nil {
				t.Fatal("fits without preemption")
			}
			node, victims, err := s.Preempt(t.Context(), tt.pod, func() []*policyv1.PodDisruptionBudget { return tt.budgets })
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, v := range victims {
				names = append(names, v.Name)
			}
			if node != tt.node || !slices.Equal(names, tt.victims) {
				t.Errorf("victims %v on %q, want %v on %q", names, node, tt.victims, tt.node)
			}
		})
	}
}

// TestPreemptIsExact: in random histories victims have a lower priority, and the pod fits when they are removed. Without
// victims, the pod fits on no node without its pods of lower priority.
func TestPreemptIsExact(t *testing.T) {
	preempted, futile := 0, 0
	for seed := range uint64(20) {
		r := newRandom(seed, 1)
		h := newHistory(t, r, 4+r.IntN(6))
		// The plugin PodTopologySpread does not count Terminating pods, but subtracts them as victims.
		h.noTerminating = true
		for step := range 100 {
			h.step(t, step)
			pod := h.pod()
			if _, err := h.grouped.Place(t.Context(), pod); err == nil {
				continue
			}
			node, victims, err := h.grouped.Preempt(t.Context(), pod, noBudgets)
			if err != nil {
				t.Fatal(err)
			}
			if node == "" {
				futile++
				h.checkFutile(t, pod)
				continue
			}
			preempted++
			for _, v := range victims {
				if priority(v) >= priority(pod) || v.Spec.NodeName != node {
					t.Errorf("seed %d: victim %s on %s with priority %d, for priority %d on %s", seed, v.Name, v.Spec.NodeName, priority(v), priority(pod), node)
				}
			}
			if !h.fitsWithout(t, pod, node, victims) {
				t.Errorf("seed %d: %s does not fit on %s without %d victims", seed, pod.Name, node, len(victims))
			}
		}
	}
	if preempted < 50 || futile < 50 {
		t.Errorf("%d preemptions, %d futile attempts: too few to prove anything", preempted, futile)
	}
}

// checkFutile removes the pods of lower priority from each node. Pods with required affinity are not checked: the
// scheduler does not preempt for them.
func (h *history) checkFutile(t *testing.T, pod *corev1.Pod) {
	if a := pod.Spec.Affinity; a != nil && a.PodAffinity != nil && len(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0 {
		return
	}
	for _, n := range h.nodes {
		var lower []*corev1.Pod
		for _, p := range h.pods {
			if p.Spec.NodeName == n.Name && priority(p) < priority(pod) {
				lower = append(lower, p)
			}
		}
		if len(lower) > 0 && h.fitsWithout(t, pod, n.Name, lower) {
			t.Errorf("%s would fit on %s without %d pods", pod.Name, n.Name, len(lower))
		}
	}
}

func (h *history) fitsWithout(t *testing.T, pod *corev1.Pod, node string, removed []*corev1.Pod) bool {
	t.Helper()
	for _, p := range removed {
		if err := h.grouped.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	fit, _ := h.grouped.Feasible(t.Context(), pod)
	for _, p := range removed {
		if err := h.grouped.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Contains(fit, node)
}

func noBudgets() []*policyv1.PodDisruptionBudget { return nil }
