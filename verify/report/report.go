// Package report has the types of a report of verify, and a writer for each format. Package verdict fills in the reports.
package report

// Version is the version of the JSON.
const Version = 1

// Report is the result of verify for some manifests on a cluster.
type Report struct {
	// Version is 1. It changes when a key is removed or changes its meaning.
	Version int `json:"version"`
	// Cluster is the cluster on which the pods were placed.
	Cluster Cluster `json:"cluster"`
	// Requirement is the failure domain whose failure every workload must survive, like "node" or "zone"; several are
	// separated by ", ". Left out if nothing is required.
	Requirement string `json:"claim,omitempty"`
	// WithinSeconds is the longest outage that the requirement allows; left out if it allows none.
	WithinSeconds float64 `json:"withinSeconds,omitempty"`
	// AsPlaced is whether the requirement accepts the outcome "as placed"; left out if it does not.
	AsPlaced bool `json:"asPlaced,omitempty"`
	// Outcome is the outcome of the requirement: "proven" if it holds wherever the scheduler may place the pods, "as placed" if it
	// holds for the simulated or running placement only, "not met", or "not judged" if there is no workload, or if an object of an
	// unsupported kind may create pods. Left out if nothing is required.
	Outcome string `json:"outcome,omitempty"`
	// Kept is whether the requirement is proven, or holds as placed and accepts that; true if nothing is required.
	Kept bool `json:"kept"`
	// RulesOnly is whether only the rules were checked: no event was simulated, so that pods and scenarios are empty, and so are the
	// effects and the guarantee of each workload. Left out otherwise.
	RulesOnly bool `json:"rulesOnly,omitempty"`
	// Workloads are all workloads, ordered by namespace and name.
	Workloads []Workload `json:"workloads"`
	// Pods are the pods in steady state, before any event, each with its node.
	Pods []Pod `json:"pods"`
	// Scenarios are the simulated events; each starts from the steady state.
	Scenarios []Scenario `json:"scenarios"`
	// Findings are the faults that rules found, the most severe first, then by file and line.
	Findings []Finding `json:"findings"`
	// Assumed are the assumptions about facts that are not in the input: replication models first, then missing objects, then
	// properties of every cluster.
	Assumed []string `json:"assumed"`
	// Unsupported are objects of unsupported kinds: the pods they create are not in this report.
	Unsupported []string `json:"notJudged"`
	// Baseline is the difference to an earlier report; left out if there is none.
	Baseline *Baseline `json:"baseline,omitempty"`

	// The fields below are for the writers only; package verdict derives them from those above.

	// Rules are the rules that were checked, RequirementRules those that the requirement adds ("claim-lose-node").
	Rules, RequirementRules []Rule `json:"-"`
	// Breaches are the events that break the requirement, ordered by workload, without those that are ignored or in the
	// baseline.
	Breaches []Breach `json:"-"`
	// Failing is the number of workloads that break the requirement, and OnlyPlaced the number of others that meet it with the
	// current placement only, unless it accepts that. Those in the baseline are included.
	Failing, OnlyPlaced int `json:"-"`
	// Excepted is whether a breach of the requirement is ignored.
	Excepted bool `json:"-"`
}

// Cluster is a list of nodes and their failure domains.
type Cluster struct {
	// Nodes are all nodes, ordered by name.
	Nodes []Node `json:"nodes"`
	// Zones are the names of the zones, sorted.
	Zones []string `json:"zones"`
	// Domains are the other kinds of failure domain whose failure is simulated; left out if there are none.
	Domains []Domain `json:"domains,omitempty"`
	// InManifests is whether the nodes are those among the manifests; left out otherwise.
	InManifests bool `json:"inManifests,omitempty"`
	// KubeVersion is the version of Kubernetes whose behaviour was simulated, like "1.36".
	KubeVersion string `json:"kubeVersion"`
}

// Node is one node.
type Node struct {
	// Name is the name of the node.
	Name string `json:"name"`
	// Zone is the value of its zone label; left out if it has none.
	Zone string `json:"zone,omitempty"`
	// Domains are the values of its labels for the cluster's other kinds of failure domain, in their order, "" without the label; left
	// out if there are no other kinds.
	Domains []string `json:"domains,omitempty"`
}

// Domain is a kind of failure domain: nodes with the same value of a label fail together.
type Domain struct {
	// Name is the noun for one such domain, like "rack".
	Name string `json:"name"`
	// Label is the key of the node label.
	Label string `json:"label"`
	// Values are the values of the label, sorted.
	Values []string `json:"values"`
}

// Workload is a workload, and the effect of each event on it.
type Workload struct {
	// Name is kind, namespace and name of the object in the manifests.
	Name string `json:"name"`
	// At is the position of the object, "file:line".
	At string `json:"at"`
	// Replication is the replication model of its pods: "quorum", "standby", "elected", "stateless", "shards", "single",
	// "per-node", "finite", "copies:N", "needs:N" or "unknown".
	Replication string `json:"replication"`
	// Assumed is whether the replication is an assumption.
	Assumed bool `json:"assumed"`
	// Why is the reason for the replication.
	Why string `json:"why"`
	// Group are the workloads whose pods replicate together with those of this one, which is among them; left out if there are
	// none. Pods and Needs, and the effects of events, are then those of the group.
	Group *Group `json:"group,omitempty"`
	// Pods is the number of pods that it should have in steady state.
	Pods int `json:"pods"`
	// Needs is the number of pods that must be ready for it to serve.
	Needs int `json:"needs"`
	// Pending are the reasons why pods are Pending in steady state.
	Pending []string `json:"waiting"`
	// Worst is the worst effect of each event on it, in the order of the scenarios.
	Worst []Worst `json:"worst"`
	// Guarantee is the most pods that one failure can take, wherever the scheduler places them.
	Guarantee Guarantee `json:"guarantee"`

	// Remedy is what a workload with one pod needs to survive its failure, as an instruction; "" for others. From package verdict.
	Remedy string `json:"-"`
	// Failures are the events in Worst that interrupt the workload, without those that follow from another one. From package
	// verdict.
	Failures []Worst `json:"-"`
}

// Group are workloads whose pods replicate together.
type Group struct {
	// Workloads are the names of the members.
	Workloads []string `json:"workloads"`
	// Own is the number of pods of the workload itself.
	Own int `json:"own"`
	// External is the number of members that are not in the manifests and are assumed to be ready.
	External int `json:"external"`
}

// Guarantee is the most pods of a workload that one node or zone failure can take, with all nodes ready before it.
type Guarantee struct {
	// Node is for the failure of a node.
	Node Bounds `json:"node"`
	// Zone is for the failure of a zone; left out if no node is in a zone.
	Zone *Bounds `json:"zone,omitempty"`
	// Domains are for the failure of other domains, in the order of the cluster's; left out if there are none.
	Domains []DomainBounds `json:"domains,omitempty"`
}

// DomainBounds is the bounds for one kind of failure domain.
type DomainBounds struct {
	// Domain is the name of the kind.
	Domain string `json:"domain"`
	Bounds
}

// Bounds are the most pods that one failure domain can hold, by the history of the cluster.
type Bounds struct {
	// Placed is for the first placement of the pods.
	Placed Bound `json:"placed"`
	// Rolled is after any rollouts, evictions and scaling, one node drained at a time.
	Rolled Bound `json:"rolled"`
	// Healed is the same, also after failures of nodes or zones that are back.
	Healed Bound `json:"healed"`
}

// Bound is the most pods that one failure domain can hold.
type Bound struct {
	// Pods is the number of pods.
	Pods int `json:"pods"`
	// On is the first domain that can hold that many; left out if none accepts a pod.
	On string `json:"on,omitempty"`
	// Why is the constraint that proves it.
	Why string `json:"why"`
	// Serves is whether the workload serves without these pods.
	Serves bool `json:"serves"`
}

// Worst is the worst effect of one event on a workload, with the scenario that shows it.
type Worst struct {
	// Event is the event, as in Scenario.
	Event string `json:"event"`
	// Target is the target of the event in the scenario that shows it; left out in steady state.
	Target string `json:"target,omitempty"`
	// Ignored is the reason to ignore a breach of the requirement in this event; left out if there is none.
	Ignored string `json:"ignored,omitempty"`
	// IgnoredAt is the position of the reason in a config, "file:line"; left out if it is an annotation of the object.
	IgnoredAt string `json:"ignoredAt,omitempty"`
	Effect
	// NotGuaranteed is set if the constraints of the pods allow another placement, with which the effect may be worse than the
	// requirement allows; left out if the effect is guaranteed, or is not allowed itself.
	NotGuaranteed *NotGuaranteed `json:"notGuaranteed,omitempty"`

	// Late is whether the workload serves again, but later than the requirement allows. Known is whether the event breaks the
	// requirement in the baseline, too. From package verdict.
	Late, Known bool `json:"-"`
}

// NotGuaranteed is why an effect holds for the current placement of the pods only.
type NotGuaranteed struct {
	// After is the history that leads to the other placement: "rolled" or "healed" as in Bounds; left out if the first placement
	// may be that one.
	After string `json:"after,omitempty"`
	// Why is the other placement, and the constraint that allows it.
	Why string `json:"why"`
	// Fix is the constraint that would guarantee the effect, or what else would.
	Fix string `json:"fix,omitempty"`
}

// Pod is a pod in steady state.
type Pod struct {
	// Name is the name of the pod.
	Name string `json:"name"`
	// Workload is the name of its workload.
	Workload string `json:"workload"`
	// Node is the name of its node; left out if it is Pending.
	Node string `json:"node,omitempty"`
	// Runs is whether the pod runs there already; left out if the simulation placed it.
	Runs bool `json:"runs,omitempty"`
	// Why is the reason why it is Pending.
	Why string `json:"why,omitempty"`
}

// Scenario is an event in the cluster, and its effects.
type Scenario struct {
	// Event is "rest", "lose node", "lose zone" (or "lose" and another domain), "drain node", "roll", "grow", "lose node in drain" or "lose node in roll".
	Event string `json:"event"`
	// Target is the node, zone or workload of the event, or two of them; left out in steady state.
	Target string `json:"target,omitempty"`
	// Like are other targets with the same effects; only one of them was simulated.
	Like []string `json:"like,omitempty"`
	// Nodes are the nodes that fail or are drained.
	Nodes []string `json:"nodes,omitempty"`
	// Required is whether the requirement covers this scenario.
	Required bool `json:"claimed"`
	// Verdict is the worst verdict of the workloads; "stuck" if the event does not complete.
	Verdict string `json:"verdict"`
	// Blocked is the reason why a drain or rollout does not complete; left out if it does.
	Blocked string `json:"stuck,omitempty"`
	// Outcomes are the effects on the workloads that it affects.
	Outcomes []Outcome `json:"outcomes"`
	// Changes are the pods that it deletes, moves or creates.
	Changes []Change `json:"changes"`
	// Orders are the orders of events in which it may end differently, with what happens in each; left out if it cannot. The outcomes are
	// the worst of each workload, the changes those of the first order.
	Orders []Ordered `json:"orders,omitempty"`
}

// Ordered is what happens in a scenario in one order of events.
type Ordered struct {
	// If is the order: which workload gets the last of a quota, which pod a drain evicts last, or whether a webhook answers until its last pod is gone.
	If string `json:"if"`
	// Blocked is the reason why a drain or rollout does not complete; left out if it does.
	Blocked string `json:"stuck,omitempty"`
	// Outcomes are the effects on the workloads that it affects.
	Outcomes []Outcome `json:"outcomes"`
	// Changes are the pods that it deletes, moves or creates.
	Changes []Change `json:"changes"`
}

// Outcome is the effect of a scenario on a workload.
type Outcome struct {
	// Workload is the name of the workload.
	Workload string `json:"workload"`
	Effect
}

// Effect is the effect of an event on a workload.
type Effect struct {
	// Verdict is "serves", "stops, returns", "stuck" or "stops".
	Verdict string `json:"verdict"`
	// Pods is the number of pods that it should have during the event.
	Pods int `json:"pods"`
	// Least is the fewest ready pods at any moment.
	Least int `json:"least"`
	// After is the number of ready pods when controllers and scheduler have nothing left to do, while failed nodes are still down.
	After int `json:"after"`
	// Needs is the number of pods that must be ready for the workload to serve.
	Needs int `json:"needs"`
	// Running is set if least, after and needs count the pods that run, because only the leader is ready; left out otherwise.
	Running bool `json:"running,omitempty"`
	// RecoverySeconds is the time until the workload serves again; left out if it is never unavailable, or does not recover.
	RecoverySeconds float64 `json:"recoverySeconds,omitempty"`
	// Pending are the reasons why pods are Pending.
	Pending []string `json:"waiting,omitempty"`
	// Blocked is the reason why the workload keeps a drain or its rollout from completing; left out if it does not.
	Blocked string `json:"stuck,omitempty"`
	// Cause is the setting by which its own rollout interrupts it; left out if there is none.
	Cause string `json:"cause,omitempty"`
}

// Change is what a scenario does to one pod.
type Change struct {
	// Pod is the name of the pod.
	Pod string `json:"pod"`
	// Workload is the name of its workload.
	Workload string `json:"workload"`
	// From is the node that it leaves; left out for a new pod.
	From string `json:"from,omitempty"`
	// To is its new node; left out for a pod that is deleted or Pending.
	To string `json:"to,omitempty"`
	// Why is the reason.
	Why string `json:"why,omitempty"`
}

// Finding is a fault that a rule found.
type Finding struct {
	// Rule is the ID of the rule.
	Rule string `json:"rule"`
	// File is the file of the object, "-" for standard input.
	File string `json:"file"`
	// Line is the line of the field.
	Line int `json:"line"`
	// Object is kind, namespace and name.
	Object string `json:"object"`
	// Message is the fault.
	Message string `json:"message"`
	// Severity is "error" if the fault stops something already, "warning" if the next failure, drain or rollout interrupts the
	// service or never ends, "note" if a setting has no effect or protects less than it seems.
	Severity string `json:"severity"`
	// Protects is what is at risk.
	Protects string `json:"protects"`
	// Fix is the remedy for this cause.
	Fix string `json:"fix"`
	// Ignored is the reason to ignore the finding; left out if it counts.
	Ignored string `json:"ignored,omitempty"`
	// IgnoredAt is the position of the reason in a config, "file:line"; left out if it is an annotation of the object.
	IgnoredAt string `json:"ignoredAt,omitempty"`

	// Fingerprint identifies the finding in later reports, even if lines and numbers change. From package verdict.
	Fingerprint string `json:"-"`
}

// Baseline is the difference to an earlier report, whose findings are not repeated.
type Baseline struct {
	// Known are the findings and breaches of the requirement that both reports have, one sentence each.
	Known []string `json:"known"`
	// Fixed are those that only the earlier report has.
	Fixed []string `json:"fixed"`
}
