package scheduler

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestNominate: pods of the same or a lower priority do not get capacity that is reserved for a nominated pod.
func TestNominate(t *testing.T) {
	nominee := sized("new", 0, "10", 10)
	nominee.Status.NominatedNodeName = "node-1"
	repelled := func(p *corev1.Pod) *corev1.Pod { p.Spec.Affinity = antiAffinity("new"); return p }
	for name, tt := range map[string]struct {
		pod  *corev1.Pod
		fits []string
	}{
		"lower priority":                      {sized("a", 0, "10", 5), []string{"node-2"}},
		"same priority":                       {sized("a", 0, "10", 10), []string{"node-2"}},
		"higher priority":                     {sized("a", 0, "10", 11), []string{"node-1", "node-2"}},
		"capacity for both":                   {sized("a", 0, "6", 5), []string{"node-1", "node-2"}},
		"anti-affinity to the nominee":        {repelled(sized("a", 0, "1", 5)), []string{"node-2"}},
		"anti-affinity, higher priority":      {repelled(sized("a", 0, "1", 11)), []string{"node-1", "node-2"}},
		"the nominee itself":                  {nominee, []string{"node-1"}},
		"nominee for a node without capacity": {nominateFirst(sized("b", 0, "16", 10)), []string{"node-2"}},
	} {
		s := newScheduler(t, 2, 0, ClusterObjects{})
		s.Nominate(nominee)
		if fits, err := s.Feasible(t.Context(), tt.pod); !slices.Equal(fits, tt.fits) {
			t.Errorf("%s: fits on %v, want %v (%v)", name, fits, tt.fits, err)
		}
		s.Withdraw(nominee)
		if fits, err := s.Feasible(t.Context(), sized("a", 0, "10", 5)); len(fits) != 2 {
			t.Errorf("%s: after the withdrawal: fits on %v, want two nodes (%v)", name, fits, err)
		}
	}
}

// nominateFirst nominates the first node for a pod.
func nominateFirst(p *corev1.Pod) *corev1.Pod {
	p.Status.NominatedNodeName = "node-1"
	return p
}
