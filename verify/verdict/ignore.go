package verdict

import (
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// requirementRules returns the rules of requirements on failure domains.
func requirementRules(domains []cluster.Domain) []report.Rule {
	const level = string(rules.Error)
	const fix = "Spread the pods, or run enough of them to keep the needed number; if only the recovery takes too long, evict pods from a failed node sooner (tolerationSeconds); or relax the requirement."
	all := []report.Rule{{ID: report.RequirementRule(report.SteadyState), Severity: level, Protects: "Every pod is scheduled.", Fix: fix}}
	for _, d := range domains {
		all = append(all, report.Rule{ID: report.RequirementRule(string(survival.LoseDomain(d))), Severity: level, Protects: "The workload keeps serving when any " + d.Name + " fails.", Fix: fix})
	}
	return append(all,
		report.Rule{ID: report.RequirementRule(report.DrainNode), Severity: level, Protects: "The workload keeps serving when any node is drained, and the drain completes.", Fix: fix},
		report.Rule{ID: report.RequirementRule(report.Rollout), Severity: level, Protects: "The workload keeps serving during its rollout, and the rollout completes.", Fix: fix})
}

// Descriptions returns the rules of this package, with those of requirements on node and zone.
func Descriptions() []report.Rule {
	return slices.Concat(ownRules, requirementRules(cluster.Cluster{}.FailureDomains()))
}

// Rules returns the names of all rules that can be ignored, including those of requirements on node, zone and other domains.
func Rules(others []cluster.Domain) []string {
	var all []string
	for _, r := range rules.All() {
		all = append(all, r.ID)
	}
	for _, r := range slices.Concat(ownRules, requirementRules(cluster.Cluster{Domains: others}.FailureDomains())) {
		if !slices.Contains(all, r.ID) {
			all = append(all, r.ID)
		}
	}
	return all
}

// Ignore returns the report with findings and breaches ignored for the reasons that by returns. Rule and object have the form of
// a finding; at is the position of the reason. Annotations of objects take precedence.
func Ignore(r report.Report, by func(rule, object string) (reason, at string)) report.Report {
	r.Findings, r.Workloads = slices.Clone(r.Findings), slices.Clone(r.Workloads)
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Ignored == "" {
			f.Ignored, f.IgnoredAt = by(f.Rule, f.Object)
		}
	}
	for i := range r.Workloads {
		w := &r.Workloads[i]
		w.Worst = slices.Clone(w.Worst)
		for i := range w.Worst {
			if worst := &w.Worst[i]; worst.Ignored == "" && ignorable(r, *worst) && coverable(worst.Event) {
				worst.Ignored, worst.IgnoredAt = by(report.RequirementRule(worst.Event), w.Name)
			}
		}
	}
	conclude(&r)
	return r
}

// ignorable reports whether an effect is no better than a breach that may be ignored.
func ignorable(r report.Report, now report.Worst) bool {
	return !keeps(r.WithinSeconds, now.Effect) || now.NotGuaranteed != nil
}

// ignoreAnnotated ignores breaches by the annotations of workloads.
func ignoreAnnotated(r *report.Report, all []*workload.Workload) {
	for i, w := range all {
		for j := range r.Workloads[i].Worst {
			if worst := &r.Workloads[i].Worst[j]; ignorable(*r, *worst) {
				worst.Ignored = w.Object.Annotations[rules.Ignore+report.RequirementRule(worst.Event)]
			}
		}
	}
}
