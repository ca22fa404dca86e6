package ha

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	corev1 "k8s.io/api/core/v1"
)

// spread places the pods over the failure domains: by spread constraints where the chart writes the pod itself, by
// anti-affinity where a custom resource can carry nothing else.
func spread(q question) []Decision {
	if !q.profile.Survivor() || !q.doubled() {
		return nil
	}
	if q.component.Managed {
		return antiAffinity(q)
	}
	var constraints []any
	for i, d := range q.profile.Survives {
		constraints = append(constraints, q.constraint(d, i == 0))
	}
	return []Decision{q.spreadDecision(constraints)}
}

// constraint is one topologySpreadConstraint without its selector, which the template adds. widest tells whether d is the
// widest domain of the profile: the one whose loss nothing else covers.
func (q question) constraint(d profile.Domain, widest bool) Map {
	c := Map{
		"maxSkew":          1,
		"topologyKey":      d.Label,
		"nodeTaintsPolicy": "Honor",
	}
	if q.model() == stack.Quorum {
		c["whenUnsatisfiable"], c["minDomains"] = "DoNotSchedule", min(d.Domains, q.replicas)
		if d.Label == corev1.LabelHostname {
			c["minDomains"] = q.replicas
		}
		return c
	}
	if q.component.Workload() == "Deployment" {
		c["matchLabelKeys"] = []any{"pod-template-hash"}
	}
	if !widest {
		c["whenUnsatisfiable"] = "ScheduleAnyway"
		return c
	}
	c["whenUnsatisfiable"], c["minDomains"] = "DoNotSchedule", min(2, d.Domains, q.replicas)
	return c
}

func (q question) spreadDecision(constraints []any) Decision {
	d := Decision{Key: "topologySpreadConstraints", Value: constraints, Source: "kube-scheduler podtopologyspread; Kubernetes 1.30 (minDomains), 1.33 (nodeTaintsPolicy)"}
	widest := q.profile.Survives[0]
	if q.model() == stack.Quorum {
		d.Rule = fmt.Sprintf("Voters are spread evenly over %d %ss, each on a node of its own, and wait rather than crowd.", widest.Domains, widest.Name)
		d.Reason = fmt.Sprintf("No %s may hold a majority, and of two voters on one node the budget lets only one go: the node could not be drained. Without minDomains a cluster that has fewer of them would take two voters into one; tainted nodes are no place to count on.", widest.Name)
		return d
	}
	d.Rule = fmt.Sprintf("Pods are spread evenly over the %ss, two at least.", widest.Name)
	d.Reason = fmt.Sprintf("One %s lost must leave a pod. With matchLabelKeys only pods of the same revision repel each other, so a rolling update never waits for room.", widest.Name)
	return d
}

// antiAffinity is for pods made by a controller whose API has no spread constraints. hardUpTo is the number of replicas
// up to which the rule is required; above it the same rule is only preferred, or pods would wait for domains that do not exist.
func antiAffinity(q question) []Decision {
	var rules []any
	for i, d := range q.profile.Survives {
		hard := 0
		if i == 0 || q.model() == stack.Quorum {
			hard = d.Domains
		}
		rules = append(rules, Map{"topologyKey": d.Label, "hardUpTo": hard})
	}
	widest := q.profile.Survives[0]
	d := Decision{Key: "antiAffinity", Value: rules,
		Rule:   fmt.Sprintf("No two pods in one %s, as long as there are not more pods than %ss.", widest.Name, widest.Name),
		Reason: "The custom resource accepts no spread constraints. Only pods of the same revision repel each other (matchLabelKeys), so the extra pod of a rolling update always finds room.",
		Source: "argo-events pkg/apis/events/v1alpha1/template.go; kube-scheduler interpodaffinity, Kubernetes 1.31 (matchLabelKeys)",
	}
	if q.model() == stack.Quorum {
		d.Rule = fmt.Sprintf("No two voters in one %s.", widest.Name)
		d.Reason = fmt.Sprintf("No %s may hold a majority, and the custom resource accepts no spread constraints.", widest.Name)
		d.Source = "argo-events pkg/apis/events/v1alpha1/jetstream_eventbus.go"
	}
	return []Decision{d}
}
