package agreement

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// short are short names of topology keys.
var short = map[string]string{corev1.LabelHostname: "host", corev1.LabelTopologyZone: "zone"}

func selectorOf(name string) object { return object{"matchLabels": object{"app": name}} }

// drawSpread generates topology spread constraints, at most one for each topology key.
func drawSpread(d dice, kind, name string, describe func(string, ...any)) []any {
	var all []any
	for _, key := range []string{corev1.LabelHostname, corev1.LabelTopologyZone} {
		if !d.in(35) {
			continue
		}
		when := one(d, "DoNotSchedule", "DoNotSchedule", "ScheduleAnyway")
		c := object{"maxSkew": one(d, 1, 1, 2), "topologyKey": key, "whenUnsatisfiable": when, "labelSelector": selectorOf(name)}
		further := ""
		if when == "DoNotSchedule" && d.in(40) {
			c["minDomains"] = 1 + d.IntN(4)
			further += fmt.Sprintf(", minDomains %d", c["minDomains"])
		}
		if kind == "Deployment" && d.in(40) {
			c["matchLabelKeys"] = []any{"pod-template-hash"}
			further += ", per template"
		}
		if d.in(30) {
			c["nodeTaintsPolicy"] = "Honor"
			further += ", taints honoured"
		}
		describe("spread by %s (%s, skew %d%s)", short[key], when, c["maxSkew"], further)
		all = append(all, c)
	}
	return all
}

// drawAffinity generates inter-pod affinity and anti-affinity.
func drawAffinity(d dice, name string, describe func(string, ...any)) object {
	affinity := object{}
	draw := func(field, to string, key string, required bool) {
		term := object{"topologyKey": key, "labelSelector": selectorOf(to)}
		how := "required"
		if required {
			affinity[field] = object{"requiredDuringSchedulingIgnoredDuringExecution": []any{term}}
		} else {
			how = "preferred"
			affinity[field] = object{"preferredDuringSchedulingIgnoredDuringExecution": []any{object{"weight": 100, "podAffinityTerm": term}}}
		}
		describe("%s by %s to %s (%s)", field, short[key], to, how)
	}
	switch {
	case d.in(25):
		draw("podAntiAffinity", name, corev1.LabelHostname, true)
	case d.in(12):
		draw("podAntiAffinity", name, corev1.LabelTopologyZone, true)
	case d.in(15):
		draw("podAntiAffinity", name, corev1.LabelHostname, false)
	case d.in(15):
		draw("podAntiAffinity", "a", corev1.LabelHostname, true)
	}
	switch {
	case d.in(5):
		draw("podAffinity", name, corev1.LabelTopologyZone, true)
	case name == "b" && d.in(20):
		draw("podAffinity", "a", corev1.LabelTopologyZone, d.in(60))
	}
	return affinity
}

// budgets generates the budgets of a workload: none, one, or two that select the same pods.
func (s *System) budgets(d dice, name string, replicas int, describe func(string, ...any)) {
	if d.in(25) {
		return
	}
	spec := object{"selector": selectorOf(name)}
	field := one(d, "minAvailable", "maxUnavailable")
	if field == "minAvailable" {
		spec[field] = one[any](d, d.IntN(replicas+1), max(0, replicas-1), max(0, replicas-1), replicas, "50%", "67%", "100%")
	} else {
		spec[field] = one[any](d, 0, 1, 1, 1, 2, "30%", "50%")
	}
	describe("budget %s %v", field, spec[field])
	if d.in(40) {
		spec["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
		describe("unhealthyPodEvictionPolicy AlwaysAllow")
	}
	s.Objects = append(s.Objects, object{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": s.named(name), "spec": spec})
	if d.in(10) {
		describe("a second budget")
		s.Objects = append(s.Objects, object{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": s.named(name + "-all"),
			"spec": object{"selector": object{"matchLabels": object{"tier": "all", "app": name}}, "maxUnavailable": 1}})
	}
}
