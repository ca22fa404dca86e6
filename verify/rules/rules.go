// Package rules finds faults in manifests that cost availability, and that no API server refuses.
package rules

import (
	"cmp"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Rule finds one kind of fault. Each is in a file of its own, with a broken and a correct example in testdata.
type Rule struct {
	// ID is its name for ever: "quorum-is-even".
	ID string
	// Protects says what is at stake, Fix what to do, each in a sentence.
	Protects, Fix string
	// One of the two calls find for each fault: check where the manifests alone show it, checkOn where it takes the nodes
	// that they are for.
	check   func(s *workload.System, find func(Place, string))
	checkOn func(s *workload.System, g *ground, find func(Place, string))
}

// Place is a field of an object.
type Place struct {
	Object *manifest.Object
	Path   []string
}

// Finding is a fault at a place.
type Finding struct {
	Rule *Rule
	Place
	// Message says what is wrong with this object.
	Message string
	// Ignored is the reason that the object gives for why it is not one; "" if it gives none.
	Ignored string
}

// TakesNodes tells whether the rule runs only where the nodes are described.
func (r *Rule) TakesNodes() bool { return r.checkOn != nil }

// Ignore and a rule's ID are an annotation by which an object says, with a reason, that a rule does not apply to it.
const Ignore = "holdfast-ha.github.io/ignore-"

// All are the rules, in the order of their IDs.
func All() []*Rule {
	return []*Rule{
		antiAffinityMissesItsOwnPods,
		antiAffinityRepelsOtherRelease,
		budgetAllowsQuorumLoss,
		budgetBlocksDrain,
		budgetCannotCount,
		budgetProtectsNothing,
		budgetSelectsNothing,
		budgetSharedByWorkloads,
		budgetsOverlap,
		claimShared,
		claimStopsRollout,
		claimsDeletedWhenScaled,
		dataOnHostPath,
		electionOfTwo,
		fieldIsDropped,
		fitsNoNode,
		graceShorterThanStop,
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
		replicasUnderAutoscaler,
		restCannotHold,
		rolloutCannotSurge,
		rolloutMixesRevisions,
		spreadCountsOtherPods,
		spreadCountsTaintedNodes,
		spreadForgetsOldPods,
		spreadHasOneDomain,
		spreadMissesItsOwnPods,
		streamDiesWithServer,
		streamOutnumbersServers,
		topologyKeyMisspelt,
		topologyKeyOnNoNode,
		volumeBeforePod,
		webhookHasOnePod,
		zonesWithoutMinDomains,
	}
}

// Check runs all rules on a system whose workloads' replication is told. Those that take the nodes run where the cluster
// is described: of one that was made up nothing can be proved. Findings are in the order of file and line.
func Check(s *workload.System, c cluster.Cluster) []Finding {
	var all []Finding
	g := newGround(s, c)
	for _, r := range All() {
		find := func(at Place, message string) {
			all = append(all, Finding{Rule: r, Place: at, Message: message, Ignored: at.Object.Annotations[Ignore+r.ID]})
		}
		switch {
		case r.check != nil:
			r.check(s, find)
		case c.Described:
			r.checkOn(s, g, find)
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Object.File, b.Object.File), cmp.Compare(a.Line(), b.Line()), cmp.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.Message, b.Message))
	})
	return all
}

// Line is the line of the place in its file, At is "file:line".
func (p Place) Line() int  { return p.Object.Line(p.Path...) }
func (p Place) At() string { return p.Object.At(p.Path...) }

// at is a field of a workload's pods.
func at(w *workload.Workload, path ...string) Place {
	return Place{w.Object, w.Path(path...)}
}

// in is a field of an object.
func in(o *manifest.Object, path ...string) Place { return Place{o, path} }
