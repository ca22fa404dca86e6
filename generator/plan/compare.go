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

// object is a decoded object of one side.
type object struct {
	Object
	// source is the template of the object; empty if unknown.
	source string
	tree   map[string]any
}

// Side is one of the two sides of a switch, rendered by the caller.
type Side struct {
	// Description names the side: "profile multi-zone".
	Description string
	Objects     []manifest.Object
	// Live is what is known of the running system before the change.
	Live Live
}

// Live is what is known of a running system; nothing by default.
type Live struct {
	// Stream is the stream of events on the bus; nil: unknown.
	Stream *Stream
	// Domains are the places of the disks; nil: unknown.
	Domains Domains
}

// Compare plans the switch from one side to the other. Hooks are left out: Helm creates them again when it runs them.
// canMigrate reports whether the chart itself migrates data to other disks and removes servers from their quorum.
// Two objects with the same identity on a side are an error.
func Compare(from, to Side, canMigrate bool) (Plan, error) {
	old, err := decode(from.Objects)
	if err != nil {
		return Plan{}, err
	}
	now, err := decode(to.Objects)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Version: Version, From: from.Description, To: to.Description, Objects: changes(old, now), canMigrate: canMigrate}
	s := sides{old, now}
	p.markRollouts(s)
	var renamed []replacement
	for _, r := range s.replacements() {
		if canMigrate && r.changesShape() {
			p.migrations = append(p.migrations, r)
		} else {
			renamed = append(renamed, r)
		}
	}
	p.leaving = s.leaving()
	p.Claims = s.claims()
	p.Elections = s.elections()
	p.Copies = s.copies()
	for _, find := range []func(sides, Plan) []Finding{dataLosses, refused, persistence, abandoned, busChanges, downgrades, credentials, encryption, issuers, resizes, stale} {
		p.Findings = append(p.Findings, find(s, p)...)
	}
	for _, r := range p.migrations {
		p.Findings = append(p.Findings, r.migration())
	}
	for _, r := range renamed {
		p.Findings = append(p.Findings, r.emptied())
	}
	p.Findings = append(p.Findings, streamLimits(s, from.Live.Stream)...)
	p.Findings = append(p.Findings, gated(s)...)
	p.Findings = append(p.Findings, separations(s, from.Live.Domains)...)
	slices.SortStableFunc(p.Findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(verdicts, b.Verdict), slices.Index(verdicts, a.Verdict))
	})
	p.decide()
	return p, nil
}

// decide sets the verdict to that of the gravest finding, and the summary.
func (p *Plan) decide() {
	rollouts := map[string]int{}
	for _, c := range p.Objects {
		if c.Action != Unchanged {
			p.Verdict = InPlace
		}
		if c.Rolls {
			rollouts[c.Kind]++
		}
	}
	switch {
	case len(p.Findings) > 0 && !p.Findings[0].Verdict.Fine():
		p.Verdict = p.Findings[0].Verdict
		p.Summary = verdictText[p.Verdict] + ": " + p.Findings[0].Object.String() + ": " + p.Findings[0].Text
	case p.Verdict != InPlace:
		p.Verdict = Nothing
		p.Summary = "nothing to do: both sides are the same"
	case len(rollouts) == 0:
		p.Summary = "in place: no pod is replaced"
	default:
		p.Summary = "in place: the pods of " + joinCounts(rollouts) + " are replaced"
	}
}

// verdictText has the verdicts as they are printed.
var verdictText = map[Verdict]string{Nothing: "nothing", InPlace: "in place", Confirm: "confirm", Migration: "migration", ByHand: "by hand", Refused: "refused", LosesData: "loses data"}

// joinCounts joins kinds and their numbers: "1 Deployment and 2 Sensors".
func joinCounts(kinds map[string]int) string {
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

// decode reads the objects without the hooks. Two objects with the same identity are an error.
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
			return nil, fmt.Errorf("%s: duplicate %s %q: rename one of them", o.Source, o.Kind, o.Name)
		}
		seen[d.identity()] = true
		all = append(all, d)
	}
	return all, nil
}

// changes pairs the objects of both sides and compares them.
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
			c.hideSecrets()
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

// hideSecrets removes the content of a Secret from its fields.
func (c Change) hideSecrets() {
	if !c.is("", "Secret") {
		return
	}
	for i, f := range c.Fields {
		if !f.below([]string{"data", "stringData"}) {
			continue
		}
		for _, value := range []*any{&c.Fields[i].Old, &c.Fields[i].New} {
			if *value != nil {
				*value = "(hidden)"
			}
		}
	}
}

// sides are the objects before and after the change.
type sides struct{ from, to []*object }

// find returns the object with the identity of like, or nil.
func find(objects []*object, like Object) *object {
	for _, o := range objects {
		if o.identity() == like.identity() {
			return o
		}
	}
	return nil
}
