package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// The rules of this package: their findings follow from the simulation or from the requirement, not from the manifests alone.
var (
	notJudgedRule = report.Rule{ID: report.NotJudgedRule, Severity: string(rules.Error),
		Protects: "A requirement covers all pods. Pods that are not judged may break it.",
		Fix:      "Add the objects that its controller creates to the input, or ignore the rule with a reason if it creates no pods."}
	neverScheduled = report.Rule{ID: "simulated-pods-pending", Severity: string(rules.Error),
		Protects: "A pod without a node does not run.",
		Fix:      "Change the constraints, requests or volumes that the message names, or add nodes."}
	drainBlocked = report.Rule{ID: "simulated-drain-blocked", Severity: string(rules.Warning),
		Protects: "A drain that never ends stops every upgrade of the nodes.",
		Fix:      "Let the budget allow an eviction while all pods are healthy, and leave a node for the replacement."}
	rolloutBlocked = report.Rule{ID: "simulated-rollout-blocked", Severity: string(rules.Warning),
		Protects: "A rollout that never ends stops every update of the workload.",
		Fix:      "Leave a node for a new pod: change the constraints or requests that the message names, or set maxSurge: 0 and maxUnavailable: 1."}
	ownRules = []report.Rule{notJudgedRule, drainBlocked, neverScheduled, rolloutBlocked}
)

// ownFindings returns the findings of this package's rules. With a requirement these are the objects that are not judged; without one,
// on a cluster that is given, the workloads whose pods never find a node, and those that block a drain or their rollout.
func ownFindings(q Requirement, e Evidence, r report.Report) []report.Finding {
	if len(q.Domains) > 0 {
		return unjudged(e.System)
	}
	if !e.Cluster.Described && !e.Cluster.Counted {
		return nil
	}
	var all []report.Finding
	for i, w := range e.System.Workloads {
		for _, event := range []struct {
			rule report.Rule
			name string
		}{{neverScheduled, report.SteadyState}, {drainBlocked, report.DrainNode}, {rolloutBlocked, report.Rollout}} {
			reason := ""
			switch worst := r.Workloads[i].WorstOf(event.name); {
			case worst == nil:
			case worst.Blocked != "":
				reason = worst.Blocked
			case event.name == report.SteadyState && len(worst.Pending) > 0:
				reason = worst.Pending[0]
			}
			if reason == "" || assumed(e.Cluster, w, reason) || explained(e, w, event.rule.ID) {
				continue
			}
			f := newFinding(event.rule, w.Object, reason)
			switch {
			case report.NotReady(reason):
				f.Fix = "Make the pod Ready: its events and the logs of its containers show why it is not."
				if event.name == report.SteadyState {
					f.Protects = "A pod that is not Ready serves nothing."
				}
			case w.Kind == workload.Pod && event.name == report.DrainNode:
				f.Fix = "Create the pod by a controller, like a Deployment."
			}
			all = append(all, f)
		}
	}
	return all
}

// assumed reports whether a reason depends on what is not in the input: labels and capacity of nodes that are only counted, or the
// controller of a pod.
func assumed(c cluster.Cluster, w *workload.Workload, reason string) bool {
	if w.Kind == workload.Pod && w.Object.Controller != nil {
		return true
	}
	unknown := func(part string) bool { return strings.Contains(reason, part) }
	return !c.Described && slices.ContainsFunc([]string{"Insufficient", "node affinity", "Too many pods"}, unknown)
}

// explained reports whether a rule has found the cause, so that its finding, or the reason to ignore it, stands for the effect.
func explained(e Evidence, w *workload.Workload, id string) bool {
	causes := map[string][]string{
		neverScheduled.ID: {"fits-no-node", "pods-outnumber-domains", "spread-counts-tainted-nodes"},
		drainBlocked.ID:   {"budget-blocks-drain", "budgets-overlap", "budget-cannot-count"},
		rolloutBlocked.ID: {"rollout-cannot-surge", "claim-stops-rollout"},
	}[id]
	budgets := slices.DeleteFunc(slices.Clone(e.System.Budgets), func(b *workload.Budget) bool { return !b.Selects(w) })
	return slices.ContainsFunc(e.Findings, func(f rules.Finding) bool {
		about := f.Object == w.Object || slices.ContainsFunc(budgets, func(b *workload.Budget) bool { return b.Object == f.Object })
		return about && slices.Contains(causes, f.Rule.ID)
	})
}

// unjudged returns a finding for each object that may create pods and has no reader; without any workload, one for the first object.
func unjudged(s *workload.System) []report.Finding {
	var all []report.Finding
	for _, o := range s.Unsupported {
		text := fmt.Sprintf("may create pods, and holdfast does not read %s of %s", o.Kind, o.Group())
		if _, ok := operators.Find(o.APIVersion, o.Kind); ok {
			text = "creates pods that depend on what is not in the manifests"
		}
		all = append(all, newFinding(notJudgedRule, o, text))
	}
	none := !slices.ContainsFunc(s.Workloads, func(w *workload.Workload) bool { return w.Replicas > 0 || w.Kind == workload.DaemonSet })
	if len(all) == 0 && none && len(s.Objects) > 0 {
		all = append(all, newFinding(notJudgedRule, s.Objects[0], fmt.Sprintf("no object in the input creates pods (%d objects): nothing was judged", len(s.Objects))))
	}
	return all
}

func newFinding(rule report.Rule, o *manifest.Object, message string) report.Finding {
	return report.Finding{Rule: rule.ID, File: o.File, Line: o.Line(), Object: o.String(), Message: message, Severity: rule.Severity,
		Protects: rule.Protects, Fix: rule.Fix, Ignored: o.Annotations[rules.Ignore+rule.ID]}
}
