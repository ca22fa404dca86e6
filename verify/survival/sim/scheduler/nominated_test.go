package scheduler

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestNominate: room that is kept for a pod is taken by none that counts as much or less.
func TestNominate(t *testing.T) {
	keeps := sized("new", 0, "10", 10)
	keeps.Status.NominatedNodeName = "node-1"
	away := func(p *corev1.Pod) *corev1.Pod { p.Spec.Affinity = apart("new"); return p }
	for name, tt := range map[string]struct {
		comes *corev1.Pod
		fits  []string
	}{
		"one that counts less":             {sized("a", 0, "10", 5), []string{"node-2"}},
		"one that counts as much":          {sized("a", 0, "10", 10), []string{"node-2"}},
		"one that counts more":             {sized("a", 0, "10", 11), []string{"node-1", "node-2"}},
		"there is room for both":           {sized("a", 0, "6", 5), []string{"node-1", "node-2"}},
		"it must not be with it":           {away(sized("a", 0, "1", 5)), []string{"node-2"}},
		"it must not, and counts more":     {away(sized("a", 0, "1", 11)), []string{"node-1", "node-2"}},
		"the pod for which it is kept":     {keeps, []string{"node-1"}},
		"one for which a full one is kept": {waitsForFirst(sized("b", 0, "16", 10)), []string{"node-2"}},
	} {
		s := newScheduler(t, 2, 0, ClusterObjects{})
		s.Nominate(keeps)
		if fits, err := s.Feasible(t.Context(), tt.comes); !slices.Equal(fits, tt.fits) {
			t.Errorf("%s: it fits on %v, not on %v (%v)", name, fits, tt.fits, err)
		}
		s.Withdraw(keeps)
		if fits, err := s.Feasible(t.Context(), sized("a", 0, "10", 5)); len(fits) != 2 {
			t.Errorf("%s: room is still kept: %v (%v)", name, fits, err)
		}
	}
}

// waitsForFirst has room kept for it on the first node, where there is none.
func waitsForFirst(p *corev1.Pod) *corev1.Pod {
	p.Status.NominatedNodeName = "node-1"
	return p
}
