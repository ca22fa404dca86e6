// Package plan compares two sets of objects, before and after a change: the objects that are created, changed and removed,
// the pods that are replaced, the disks that stay in use, and whether a plain upgrade is enough.
//
// It reads only the objects. The meaning of an object follows from its kind, its fields and its template, never from its
// name.
package plan

import "strings"

// Version is the version of the JSON. It changes when a key is removed or changes its meaning.
const Version = 1

// Plan is the result of a comparison. Its lists are in the order of the steps.
type Plan struct {
	Version int `json:"version"`
	// From and To describe the two sides.
	From    string  `json:"from,omitempty"`
	To      string  `json:"to,omitempty"`
	Verdict Verdict `json:"verdict"`
	// Summary is the verdict in a sentence.
	Summary string `json:"summary"`
	// Findings are facts to know before the change, the gravest first.
	Findings []Finding `json:"findings,omitempty"`
	// Objects are all objects of both sides, once each: those of the new side in Helm's order, then the removed ones.
	Objects []Change `json:"objects"`
	// Claims are the PersistentVolumeClaims of all StatefulSets, and those of the release.
	Claims []Claim `json:"claims,omitempty"`
	// Elections are the event sources and sensors whose way of leader election changes.
	Elections []Election `json:"elections,omitempty"`
	// Copies are the streams of the bus whose number of replicas changes.
	Copies []Copies `json:"copies,omitempty"`
	// Helm and Kubectl are the commands that make the change, with either tool.
	Helm    []Command `json:"helm,omitempty"`
	Kubectl []Command `json:"kubectl,omitempty"`

	migrations []replacement
	// leaving are the servers that leave a quorum, the highest ordinal first.
	leaving []string
	// canMigrate reports whether the chart migrates data, and removes servers from their quorum.
	canMigrate bool
}

// Verdict is the effort and the risk of a change in a word.
type Verdict string

// The verdicts, from the best to the worst.
const (
	// Nothing: the two sides are the same.
	Nothing Verdict = "nothing"
	// InPlace: one upgrade makes the change, and every volume claim stays in use.
	InPlace Verdict = "in-place"
	// Confirm: one upgrade makes the change, with an effect to check or to accept first.
	Confirm Verdict = "confirm"
	// Migration: the data must migrate to other disks; the chart does it on request.
	Migration Verdict = "move"
	// ByHand: a step is left to the user.
	ByHand Verdict = "by-hand"
	// Refused: the API server refuses to change an immutable field.
	Refused Verdict = "refused"
	// LosesData: the data on a disk is deleted.
	LosesData Verdict = "loses-data"
)

// verdicts are all verdicts, in their order.
var verdicts = []Verdict{Nothing, InPlace, Confirm, Migration, ByHand, Refused, LosesData}

// Fine reports whether a plain upgrade is enough.
func (v Verdict) Fine() bool { return v == Nothing || v == InPlace }

// Finding is a fact about an object, and its verdict.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	Object  Object  `json:"object"`
	// Text is the effect on the object, and the step that is needed.
	Text string `json:"text"`

	// stale marks an event source or sensor that its controller does not update.
	stale bool
}

// Object names an object.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Namespace is empty for the namespace of the release.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

func (o Object) String() string { return o.Kind + "/" + o.Name }

// group returns the API group; empty for the core group.
func (o Object) group() string {
	group, _, ok := strings.Cut(o.APIVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// is reports whether the object has a group and kind, in any version.
func (o Object) is(group, kind string) bool { return o.Kind == kind && o.group() == group }

// identity is the key of the object in the API.
func (o Object) identity() string {
	return strings.Join([]string{o.group(), o.Kind, o.Namespace, o.Name}, "/")
}

// Action is the effect of the change on an object.
type Action string

// The actions.
const (
	Created   Action = "created"
	Changed   Action = "changed"
	Removed   Action = "removed"
	Unchanged Action = "unchanged"
	// Left: the object stays on the cluster because of its annotation helm.sh/resource-policy: keep.
	Left Action = "left"
)

// Change is an object and the effect of the change on it.
type Change struct {
	Object
	Action Action `json:"action"`
	// Rolls reports whether its pods are replaced. The pods of an event source or sensor can be replaced without a change of
	// the object.
	Rolls bool `json:"rolls,omitempty"`
	// Fields are the differences of a changed object.
	Fields []Field `json:"fields,omitempty"`

	old, new *object
}
