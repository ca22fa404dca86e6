// Package plan says what a switch does before anybody does it: two sets of objects in, and out comes what is created,
// changed, rolled and removed, what becomes of the disks, and whether a plain upgrade may do it at all.
//
// It knows Kubernetes and Argo Events by the objects alone: what an object is follows from its kind, its fields and the
// template that it comes from, never from its name.
package plan

import "strings"

// Version is that of the JSON form; it changes when a field changes its meaning or goes.
const Version = 1

// Plan is what a switch does. Its lists are in the order in which it happens.
type Plan struct {
	Version int `json:"version"`
	// From and To say what is compared.
	From    string  `json:"from,omitempty"`
	To      string  `json:"to,omitempty"`
	Verdict Verdict `json:"verdict"`
	// Summary is the verdict in a sentence.
	Summary string `json:"summary"`
	// Findings are what to know before, the gravest first.
	Findings []Finding `json:"findings,omitempty"`
	// Objects holds every object of either side once: created and changed in the order in which Helm applies them, then those that go.
	Objects []Change `json:"objects"`
	// Claims are the volume claims of all StatefulSets.
	Claims []Claim `json:"claims,omitempty"`
	// Elections are the event sources and sensors whose pods choose their leader in another way.
	Elections []Election `json:"elections,omitempty"`
	// Copies are the streams of the bus whose number of replicas changes.
	Copies []Copies `json:"copies,omitempty"`
	// Helm and Kubectl are the commands, either way.
	Helm    []Command `json:"helm,omitempty"`
	Kubectl []Command `json:"kubectl,omitempty"`

	moves []replaced
	// leaving are the servers of a quorum that go, the last one first.
	leaving []string
	// canMove says that the chart moves data, and takes servers out of their quorum.
	canMove bool
}

// Verdict says in a word what kind of switch it is.
type Verdict string

// The verdicts, each worse than the one before.
const (
	// Nothing differs.
	Nothing Verdict = "nothing"
	// InPlace: one upgrade, and every claim stays in use.
	InPlace Verdict = "in-place"
	// Move: the data have to go to other disks, which the chart does when it is told to.
	Move Verdict = "move"
	// ByHand: something is needed that neither Kubernetes nor the chart does.
	ByHand Verdict = "by-hand"
	// Refused: the API server lets nobody change a field that differs.
	Refused Verdict = "refused"
	// LosesData: what is on a disk is deleted.
	LosesData Verdict = "loses-data"
)

// verdicts in their order.
var verdicts = []Verdict{Nothing, InPlace, Move, ByHand, Refused, LosesData}

// Fine reports whether a plain upgrade may do it.
func (v Verdict) Fine() bool { return v == Nothing || v == InPlace }

// Finding is something to know, and how grave it is.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	Object  Object  `json:"object"`
	// Text says what happens to the object, and what to do.
	Text string `json:"text"`

	// unseen marks an event source or sensor that its controller does not look at.
	unseen bool
}

// Object names an object.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Namespace is empty for the release's.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

func (o Object) String() string { return o.Kind + "/" + o.Name }

// group is the API group, empty for the core's.
func (o Object) group() string {
	group, _, is := strings.Cut(o.APIVersion, "/")
	if !is {
		return ""
	}
	return group
}

// is reports the kind, whatever the version of its group.
func (o Object) is(group, kind string) bool { return o.Kind == kind && o.group() == group }

// identity is what the API tells objects apart by.
func (o Object) identity() string {
	return strings.Join([]string{o.group(), o.Kind, o.Namespace, o.Name}, "/")
}

// Action is what happens to an object.
type Action string

// The actions.
const (
	Created   Action = "created"
	Changed   Action = "changed"
	Removed   Action = "removed"
	Unchanged Action = "unchanged"
	// Left: Helm forgets it and leaves it where it is, for it says helm.sh/resource-policy: keep.
	Left Action = "left"
)

// Change is what happens to one object.
type Change struct {
	Object
	Action Action `json:"action"`
	// Rolls says that its pods are replaced, also of an event source or sensor that does not change itself. Of servers that the
	// Argo Events controller runs for an EventBus nothing is said.
	Rolls bool `json:"rolls,omitempty"`
	// Fields are what differs in a changed object.
	Fields []Field `json:"fields,omitempty"`

	old, new *object
}
