package rules

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a quorum that is spread over zones by a hard constraint, so that a zone's loss is meant to be survived, and that
// says how many zones there are: by minDomains, or by a node affinity to some. One that is bound to a single zone is a
// part of something larger.
var quorumMajorityInZone = &Rule{
	ID:       "quorum-majority-in-zone",
	Protects: "With a majority of the voters in one zone, the loss of that zone is the loss of the quorum, and its spread over zones protects nothing.",
	Fix:      "Three zones, with maxSkew: 1 and minDomains: 3. Two zones cannot keep a quorum through the loss of one: a voter has to stand in a third place.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range voters(s) {
			for i, c := range w.Template.Spec.TopologySpreadConstraints {
				if c.TopologyKey != corev1.LabelTopologyZone || c.WhenUnsatisfiable != corev1.DoNotSchedule || !selectsOwn(w, c.LabelSelector) {
					continue
				}
				zones, least := len(zonesOf(w)), 0
				if c.MinDomains != nil {
					least = int(*c.MinDomains)
				}
				if zones == 0 {
					zones = least
				}
				if zones < 2 || least > zones { // a constraint that cannot be met lets maxSkew pods into each
					continue
				}
				if most := crowd(w.Replicas, zones, int(c.MaxSkew)); most >= tooMany(w) {
					find(at(w, "spec", "topologySpreadConstraints", strconv.Itoa(i)), fmt.Sprintf("lets %d of its %d voters be in one of %d zones: the rest is no majority", most, w.Replicas, zones))
				}
			}
		}
	},
}

// crowd is how many of n pods may be in one of some zones, if none has more than skew pods more than any other.
func crowd(n, zones, skew int) int {
	for most := n; most > skew; most-- {
		if most+(zones-1)*(most-skew) <= n {
			return most
		}
	}
	return min(n, skew)
}

// zonesOf lists the zones that a workload's pods are bound to, none if they may be in any.
func zonesOf(w *workload.Workload) []string {
	a := w.Template.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	var all []string
	for _, t := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		i := slices.IndexFunc(t.MatchExpressions, func(e corev1.NodeSelectorRequirement) bool {
			return e.Key == corev1.LabelTopologyZone && e.Operator == corev1.NodeSelectorOpIn
		})
		if i < 0 {
			return nil
		}
		all = append(all, t.MatchExpressions[i].Values...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
