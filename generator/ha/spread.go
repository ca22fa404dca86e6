package ha

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	corev1 "k8s.io/api/core/v1"
)

// spread places the pods over the failure domains: by topology spread constraints if the chart renders the pod, by
// anti-affinity if a custom resource supports nothing else.
func spread(in input) []Decision {
	if !in.profile.Survivor() || !in.replicated() {
		return nil
	}
	if in.component.Managed {
		return antiAffinity(in)
	}
	var constraints []any
	// In the order of the profile that survives the failure of such a domain: a change between the two is then one of a field.
	for _, d := range in.profile.Prefers {
		constraints = append(constraints, in.preference(d))
	}
	for i, d := range in.profile.Survives {
		constraints = append(constraints, in.constraint(d, i == 0))
	}
	return []Decision{in.spreadDecision(constraints)}
}

// preference returns a constraint that orders nodes and never keeps a pod from one. Where nodes lack the label it has no effect.
func (in input) preference(d profile.Preference) Map {
	c := Map{"maxSkew": 1, "topologyKey": d.Label, "nodeTaintsPolicy": "Honor", "whenUnsatisfiable": "ScheduleAnyway"}
	if in.component.Workload() == "Deployment" {
		c["matchLabelKeys"] = []any{"pod-template-hash"}
	}
	return c
}

// constraint returns a topology spread constraint without its selector, which the template adds. widest is true for the
// widest domain of the profile: the only required constraint, except for a quorum.
func (in input) constraint(d profile.Domain, widest bool) Map {
	c := Map{"maxSkew": 1, "topologyKey": d.Label}
	if in.model() == stack.Quorum {
		c["whenUnsatisfiable"], c["minDomains"] = "DoNotSchedule", in.replicas
		if in.shareDomains(d) {
			c["minDomains"], c["nodeTaintsPolicy"] = d.Domains, "Honor"
		}
		return c
	}
	c["nodeTaintsPolicy"] = "Honor"
	if in.component.Workload() == "Deployment" {
		c["matchLabelKeys"] = []any{"pod-template-hash"}
	}
	if in.model() == stack.Needs {
		c["whenUnsatisfiable"], c["minDomains"] = "DoNotSchedule", min(d.Domains, in.replicas)
		return c
	}
	if !widest || in.model() == stack.Shards {
		c["whenUnsatisfiable"] = "ScheduleAnyway"
		return c
	}
	c["whenUnsatisfiable"], c["minDomains"] = "DoNotSchedule", min(2, d.Domains, in.replicas)
	return c
}

// shareDomains reports whether several members of a quorum share a domain, which is never a node. Otherwise nodes with taints need not be
// left out: an empty domain of theirs takes no place from a member. And cordoned nodes must count: a new disk beside the member on such a
// node would keep that member Pending after its eviction, for ever.
func (in input) shareDomains(d profile.Domain) bool {
	return d.Label != corev1.LabelHostname && in.replicas > d.Domains
}

func (in input) spreadDecision(constraints []any) Decision {
	d := Decision{Key: "topologySpreadConstraints", Value: constraints, Source: "kube-scheduler podtopologyspread; Kubernetes 1.30 (minDomains), 1.33 (nodeTaintsPolicy)"}
	widest := in.profile.Survives[0]
	if in.model() == stack.Quorum {
		d.Rule = fmt.Sprintf("Quorum members are spread evenly over %d %ss, each on its own node; a member without a place stays Pending.", widest.Domains, widest.Name)
		d.Rule += in.preferred()
		d.Reason = fmt.Sprintf("No %s may hold a majority, and a node with two members could not be drained, because the budget allows one eviction. Without minDomains, a cluster with fewer domains would place two members in one.", widest.Name)
		if in.shareDomains(widest) {
			d.Reason += " Nodes with taints do not count as places."
		} else {
			d.Reason += " Cordoned nodes count: a new disk is never created beside a member that is about to be evicted."
		}
		return d
	}
	if in.named() {
		return in.namedSpread(d, widest)
	}
	d.Rule = fmt.Sprintf("Pods are spread evenly over at least 2 %ss.", widest.Name) + in.preferred()
	d.Reason = fmt.Sprintf("A pod must be left when one %s fails. With matchLabelKeys the constraint counts pods of the same revision only, so a rolling update never waits for capacity.", widest.Name)
	return d
}

// namedSpread completes the decision for shards and for pods of which a number must run, in terms of the widest domain.
func (in input) namedSpread(d Decision, widest profile.Domain) Decision {
	if in.model() == stack.Shards {
		d.Rule = fmt.Sprintf("Shards are spread evenly over %ss, where possible.", widest.Name) + in.preferred()
		d.Reason = "Every shard is needed, so no placement survives a failure. Spread, a failure takes few of them; a shard that must wait for a place is worse than two on one node."
		return d
	}
	domains := min(widest.Domains, in.replicas)
	most := inLargest(in.replicas, domains)
	d.Rule = fmt.Sprintf("Pods are spread evenly over %d %ss: at most %d in one, and %d may be missing.", domains, widest.Name, most, in.spare()) + in.preferred()
	d.Reason = fmt.Sprintf("The pods that are left when one %s fails are enough.", widest.Name)
	if most > in.spare() {
		enough := in.replicas
		for inLargest(enough, widest.Domains) > enough-in.component.Needs && enough < 99 {
			enough++
		}
		d.Reason = fmt.Sprintf("The pods that are left when one %s fails are not always enough: with %d replicas, they would be.", widest.Name, enough)
	}
	return d
}

// inLargest is the number of pods in the domain with most of them, if pods are spread evenly.
func inLargest(pods, domains int) int { return (pods + domains - 1) / domains }

// preferred returns the rule of the profile's preferences, after a space.
func (in input) preferred() string {
	var text string
	for _, d := range in.profile.Prefers {
		text += fmt.Sprintf(" They are spread over %ss too, where possible.", d.Name)
	}
	return text
}

// antiAffinity is for the pods of a controller whose API has no spread constraints. hardUpTo is the number of replicas up
// to which a rule is required. Above it the rule is only preferred, because there are fewer domains than pods.
func antiAffinity(in input) []Decision {
	var rules []any
	for _, d := range in.profile.Prefers {
		rules = append(rules, Map{"topologyKey": d.Label, "hardUpTo": 0})
	}
	for i, d := range in.profile.Survives {
		hard := 0
		if i == 0 || in.model() == stack.Quorum {
			hard = d.Domains
		}
		rules = append(rules, Map{"topologyKey": d.Label, "hardUpTo": hard})
	}
	widest := in.profile.Survives[0]
	d := Decision{Key: "antiAffinity", Value: rules,
		Rule:   fmt.Sprintf("No two pods in the same %s, unless there are more pods than %ss.", widest.Name, widest.Name),
		Reason: "The custom resource has no field for spread constraints. With matchLabelKeys the rule counts pods of the same revision only, so the extra pod of a rolling update always has a place.",
		Source: "argo-events pkg/apis/events/v1alpha1/template.go; kube-scheduler interpodaffinity, Kubernetes 1.31 (matchLabelKeys)",
	}
	if in.model() == stack.Quorum {
		d.Rule = fmt.Sprintf("No two quorum members in the same %s.", widest.Name)
		d.Reason = fmt.Sprintf("No %s may hold a majority, and the custom resource has no field for spread constraints.", widest.Name)
		d.Source = "argo-events pkg/apis/events/v1alpha1/jetstream_eventbus.go"
	}
	return []Decision{d}
}
