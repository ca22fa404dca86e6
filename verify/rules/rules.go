// Package rules finds faults in manifests that cost availability and that no API server refuses.
package rules

import (
	"cmp"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Rule finds one kind of fault. Each rule is in a file of its own, with a broken and a correct example in testdata.
type Rule struct {
	// ID is the stable name of the rule: "quorum-is-even".
	ID       string
	Severity Severity
	// Protects is what the fault puts at risk, and Fix is what to do about it, unless the finding has a fix of its own.
	Protects, Fix string

	// check reports faults from the manifests alone. checkNodes is for rules that need the nodes as well. A rule has one of the
	// two.
	check      func(s *facts.System, report reporter)
	checkNodes func(s *facts.System, nodes *facts.Nodes, report reporter)
	// byNumber is set if the number of nodes and zones is enough for checkNodes. Other rules need a description of the nodes.
	byNumber bool
}

// Severity is when the faults of a rule do harm.
type Severity string

// The severities, the most severe first.
const (
	// Error is a fault that stops something already, without any failure: pods stay Pending, or nothing reaches them.
	Error Severity = "error"
	// Warning is a fault with which the next failure, drain, rollout or scaling interrupts the service or never ends.
	Warning Severity = "warning"
	// Note is a setting without effect, or a protection that is weaker than it looks.
	Note Severity = "note"
)

var severities = []Severity{Error, Warning, Note}

// reporter records a fault: the field, and what is wrong with the object. fix is the fix for this cause, if it is not that of the
// rule.
type reporter func(in facts.Place, message string, fix ...string)

// Finding is a fault in an object.
type Finding struct {
	Rule *Rule
	facts.Place
	// Message is what is wrong with this object. Words with digits are not part of a finding's identity in a baseline, so other
	// words should not depend on numbers of pods.
	Message string
	// Fix is what to do about this fault.
	Fix string
	// Ignored is the value of the object's annotation that ignores the rule: the reason; "" without one.
	Ignored string
}

// NeedsNodes reports whether the rule runs only on clusters whose nodes are described or, if NeedsNumber, at least counted.
func (r *Rule) NeedsNodes() bool { return r.checkNodes != nil }

// NeedsNumber reports whether the number of nodes and zones is enough for a rule that needs nodes.
func (r *Rule) NeedsNumber() bool { return r.byNumber }

// Ignore is the prefix of the annotation that ignores a rule on an object. The ID of the rule follows; the value is the reason.
const Ignore = "holdfast-ha.github.io/ignore-"

// All returns the rules, sorted by ID.
func All() []*Rule {
	return []*Rule{
		antiAffinityMissesItsOwnPods,
		antiAffinityRepelsOtherRelease,
		apiServiceHasOnePod,
		budgetAllowsQuorumLoss,
		budgetBlocksDrain,
		budgetCannotCount,
		budgetIgnoredByDrain,
		budgetProtectsNothing,
		budgetSelectsNothing,
		budgetSharedByWorkloads,
		budgetsOverlap,
		busVersionUnknown,
		claimShared,
		claimStopsRollout,
		claimsDeletedWhenScaled,
		clientWithoutEndpoint,
		dataOnHostPath,
		electionOfTwo,
		eventSourceRefusesRequests,
		eventSourceUnreachable,
		fieldIsDropped,
		filterDropsAllEvents,
		fitsNoNode,
		graceShorterThanStop,
		hostPortForbidsSurge,
		leaseWithoutRole,
		livenessAsksCluster,
		livenessKillsStarting,
		podsOutnumberDomains,
		policyCutsVoters,
		probePortUnknown,
		quorumHiddenUntilReady,
		quorumIsEven,
		quorumKeepsNothing,
		quorumMajorityInZone,
		quorumNotSpread,
		quorumServiceMissing,
		quorumStartsInOrder,
		quotaBlocksRollout,
		readinessMissing,
		readinessOfLeaderOnly,
		replicasUnderAutoscaler,
		restCannotHold,
		rolloutCannotSurge,
		rolloutMixesRevisions,
		sensorEventMissing,
		servicePortUnknown,
		serviceSelectsNothing,
		spreadCountsDrainedNode,
		spreadCountsOtherPods,
		spreadCountsTaintedNodes,
		spreadForgetsOldPods,
		spreadHasOneDomain,
		spreadMissesItsOwnPods,
		stopRemovesMember,
		streamDiesWithServer,
		streamOutnumbersServers,
		topologyKeyMisspelt,
		topologyKeyOnNoNode,
		volumeBeforePod,
		webhookHasOnePod,
		webhookMatchesItsOwnPods,
		zonesWithoutMinDomains,
	}
}

// Check runs all rules on a system whose replication is set. Rules that need nodes run only if the nodes of the cluster are
// described, or if their number is given and proves enough. The findings are sorted by severity, file and line.
func Check(s *workload.System, c cluster.Cluster) []Finding {
	var all []Finding
	system := facts.New(s)
	nodes := facts.NewNodes(system, c)
	for _, r := range All() {
		report := func(in facts.Place, message string, fix ...string) {
			all = append(all, Finding{Rule: r, Place: in, Message: message, Fix: append(fix, r.Fix)[0], Ignored: in.Object.Annotations[Ignore+r.ID]})
		}
		switch {
		case r.check != nil:
			r.check(system, report)
		case c.Described || c.Counted && r.byNumber:
			r.checkNodes(system, nodes, report)
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(severities, a.Rule.Severity), slices.Index(severities, b.Rule.Severity)),
			cmp.Compare(a.Object.File, b.Object.File), cmp.Compare(a.Line(), b.Line()), cmp.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.Message, b.Message))
	})
	return all
}
