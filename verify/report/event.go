package report

import "strings"

// The verdicts, from the best to the worst.
const (
	Serves   = "serves"         // enough pods are ready at every moment
	Recovers = "stops, returns" // it is unavailable, and serves again while the failure lasts
	Blocked  = "stuck"          // it serves, but something does not complete: a drain, a rollout, the placement of a pod
	Stops    = "stops"          // it is unavailable until the failure is over, or somebody intervenes
)

// The outcomes of a requirement, from the best to the worst.
const (
	Proven    = "proven"     // it holds wherever the scheduler may place the pods
	AsPlaced  = "as placed"  // it holds for the simulated or running placement only
	NotMet    = "not met"    // an event breaks it
	NotJudged = "not judged" // there is no workload, an object of an unsupported kind may create pods, or the replication of a workload is unknown
)

// UnknownReplication is the replication of a workload whose pods are members of a cluster of unknown software.
const UnknownReplication = "unknown"

// PerNode is the replication of a workload whose pods each serve their node.
const PerNode = "per-node"

// The events of scenarios. The failure of a domain other than node and zone is "lose" and its name.
const (
	SteadyState       = "rest"
	LoseNode          = "lose node"
	LoseZone          = "lose zone"
	DrainNode         = "drain node"
	Rollout           = "roll"
	ScaleUp           = "grow"
	LoseNodeInDrain   = "lose node in drain"
	LoseNodeInRollout = "lose node in roll"
)

// FailedDomain returns the kind of domain that fails in an event: "rack" for "lose rack". ok is false for any event other than the
// failure of one domain.
func FailedDomain(event string) (name string, ok bool) {
	name, ok = strings.CutPrefix(event, "lose ")
	return name, ok && !strings.Contains(name, " ")
}

// Rule is the description of a rule. Severity is that of its findings.
type Rule struct{ ID, Severity, Protects, Fix string }

// Breach is a workload that breaks the requirement in an event.
type Breach struct {
	// Worst is one of the events in Workload.Worst.
	Workload Workload
	Worst    Worst
	// Rule is the name by which the breach is ignored, "claim-lose-node".
	Rule string
	// Within is the limit of the requirement, in seconds; 0 if there is none.
	Within float64
	// AsPlaced is whether the workload meets the requirement with the current placement of its pods only.
	AsPlaced bool
	// Fingerprint identifies the breach in later reports; a worse verdict has another one.
	Fingerprint string
}

// WorstOf returns the worst effect of an event on the workload; nil if no such event affects it.
func (w Workload) WorstOf(event string) *Worst {
	for i := range w.Worst {
		if w.Worst[i].Event == event {
			return &w.Worst[i]
		}
	}
	return nil
}

// Passed reports whether the requirement is kept and all findings are ignored. With a baseline, only new findings and breaches
// count.
func (r Report) Passed() bool {
	for _, f := range r.Findings {
		if f.Ignored == "" {
			return false
		}
	}
	return r.Kept || r.Baseline != nil && len(r.Breaches) == 0
}

// NotReady reports whether a reason of Pending or Blocked is that pods have a node, but are not Ready.
func NotReady(reason string) bool {
	return strings.Contains(reason, " is not Ready") || strings.Contains(reason, " are not Ready")
}

// NotJudgedRule is the name by which objects that are not judged are ignored.
const NotJudgedRule = "claim-not-judged"

// RequirementRule returns the name by which breaches in an event are ignored: "claim-lose-node".
func RequirementRule(event string) string { return "claim-" + strings.ReplaceAll(event, " ", "-") }
