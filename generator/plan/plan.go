// Package plan says what a switch does before anybody does it: two sets of objects in, and out comes what is created,
// changed, rolled and removed, what becomes of the disks, and whether a plain upgrade may do it at all.
//
// It knows Kubernetes and Argo Events by the objects alone: what an object is follows from its kind, its fields and the
// template that it comes from, never from its name.
package plan

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"sigs.k8s.io/yaml"
)

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

	// listens marks an event source or sensor that its controller has to look at.
	listens bool
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
	// Rolls says that its pods are replaced.
	Rolls bool `json:"rolls,omitempty"`
	// Fields are what differs in a changed object.
	Fields []Field `json:"fields,omitempty"`

	old, new *object
}

// object is one of the given objects, decoded.
type object struct {
	Object
	// source is the template it comes from, empty where that is not known.
	source string
	tree   map[string]any
}

// Compare plans the switch from some objects to others. Hooks are left out: Helm makes them anew at their moment.
// canMove says that the chart moves data that have to go to other disks, and takes servers that go out of their quorum before.
func Compare(from, to []manifest.Object, canMove bool) (Plan, error) {
	old, err := decode(from)
	if err != nil {
		return Plan{}, err
	}
	now, err := decode(to)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Version: Version, Objects: changes(old, now), canMove: canMove}
	s := sides{old, now}
	p.markRolls(s)
	p.moves = s.replaced()
	p.Claims = s.claims()
	p.Elections = s.elections()
	p.Copies = s.copies()
	for _, look := range []func(sides, Plan) []Finding{lost, refused, left, voters, stale} {
		p.Findings = append(p.Findings, look(s, p)...)
	}
	for _, m := range p.moves {
		p.Findings = append(p.Findings, m.finding(canMove))
	}
	slices.SortStableFunc(p.Findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(verdicts, b.Verdict), slices.Index(verdicts, a.Verdict))
	})
	p.decide()
	return p, nil
}

// decide sums up: the plan is as grave as the gravest that was found.
func (p *Plan) decide() {
	rolls := map[string]int{}
	for _, c := range p.Objects {
		if c.Action != Unchanged {
			p.Verdict = InPlace
		}
		if c.Action == Changed && c.Rolls {
			rolls[c.Kind]++
		}
	}
	switch {
	case len(p.Findings) > 0 && !p.Findings[0].Verdict.Fine():
		p.Verdict = p.Findings[0].Verdict
		p.Summary = words[p.Verdict] + ": " + p.Findings[0].Object.String() + ": " + p.Findings[0].Text
	case p.Verdict != InPlace:
		p.Verdict = Nothing
		p.Summary = "nothing to do: both sides are the same"
	case len(rolls) == 0:
		p.Summary = "in place: no pod is replaced"
	default:
		p.Summary = "in place: the pods of " + counted(rolls) + " are replaced"
	}
}

// words are the verdicts for people.
var words = map[Verdict]string{Nothing: "nothing", InPlace: "in place", Move: "a move", ByHand: "by hand", Refused: "refused", LosesData: "loses data"}

// counted lists kinds with how many of each, by name.
func counted(kinds map[string]int) string {
	var parts []string
	for _, kind := range sortedKeys(kinds) {
		n := kinds[kind]
		if n > 1 {
			kind += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, kind))
	}
	if len(parts) > 1 {
		last := len(parts) - 1
		parts = append(parts[:last-1], parts[last-1]+" and "+parts[last])
	}
	return strings.Join(parts, ", ")
}

// decode reads the objects that are no hooks. Two of one name would be one on a cluster, so they are refused.
func decode(objects []manifest.Object) ([]*object, error) {
	var all []*object
	seen := map[string]bool{}
	for _, o := range objects {
		if o.Hook {
			continue
		}
		var tree map[string]any
		if err := yaml.Unmarshal([]byte(o.Text), &tree); err != nil {
			return nil, fmt.Errorf("%s: reading %s %q: %w", o.Source, o.Kind, o.Name, err)
		}
		withoutNulls(tree)
		d := &object{Object: Object{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: text(tree, "metadata", "namespace"), Name: o.Name}, source: o.Source, tree: tree}
		if seen[d.identity()] {
			return nil, fmt.Errorf("%s: there is another %s called %q", o.Source, o.Kind, o.Name)
		}
		seen[d.identity()] = true
		all = append(all, d)
	}
	return all, nil
}

// changes pairs the objects of both sides.
func changes(from, to []*object) []Change {
	before := map[string]*object{}
	for _, o := range from {
		before[o.identity()] = o
	}
	var all []Change
	after := map[string]bool{}
	for _, o := range to {
		after[o.identity()] = true
		old := before[o.identity()]
		c := Change{Object: o.Object, Action: Unchanged, old: old, new: o}
		switch {
		case old == nil:
			c.Action = Created
		case !reflect.DeepEqual(old.tree, o.tree):
			c.Action, c.Fields = Changed, differences(old.tree, o.tree)
			markImmutable(c)
		}
		all = append(all, c)
	}
	for _, o := range from {
		if after[o.identity()] {
			continue
		}
		c := Change{Object: o.Object, Action: Removed, old: o}
		if text(o.tree, "metadata", "annotations", "helm.sh/resource-policy") == "keep" {
			c.Action = Left
		}
		all = append(all, c)
	}
	return all
}

// sides are both sets of objects.
type sides struct{ from, to []*object }

// find returns the object of the same identity, or nil.
func find(objects []*object, like Object) *object {
	for _, o := range objects {
		if o.identity() == like.identity() {
			return o
		}
	}
	return nil
}
