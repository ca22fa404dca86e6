package plan

import (
	"fmt"
	"slices"
	"strings"
)

// Claim is a volume claim that a StatefulSet makes, or one that stands for itself.
type Claim struct {
	Name string `json:"name"`
	// Of is the StatefulSet, empty for a claim that is an object of the release.
	Of   string `json:"of,omitempty"`
	Fate Fate   `json:"fate"`
}

// Fate is what becomes of a claim.
type Fate string

// The fates.
const (
	Kept Fate = "kept"
	New  Fate = "new"
	// Orphaned: it stays, with what is on it, and nothing uses it any more.
	Orphaned Fate = "orphaned"
	Deleted  Fate = "deleted"
)

// claims lists those of both sides: first what goes on, then what is left.
func (s sides) claims() []Claim {
	var all, gone []Claim
	for _, o := range s.to {
		before := claimNames(find(s.from, o.Object))
		for _, name := range claimNames(o) {
			fate := New
			if slices.Contains(before, name) {
				fate = Kept
			}
			all = append(all, Claim{name, o.set(), fate})
		}
	}
	for _, o := range s.from {
		to := find(s.to, o.Object)
		after := claimNames(to)
		for _, name := range claimNames(o) {
			if !slices.Contains(after, name) {
				gone = append(gone, Claim{name, o.set(), fate(o, to)})
			}
		}
	}
	return append(all, gone...)
}

// set is the name of a StatefulSet, empty for other objects.
func (o *object) set() string {
	if o.is("apps", "StatefulSet") {
		return o.Name
	}
	return ""
}

// fate is what becomes of a claim whose pod goes, with the StatefulSet (to is nil) or alone.
func fate(from, to *object) Fate {
	switch {
	case from.Kind == "PersistentVolumeClaim" && text(from.tree, "metadata", "annotations", "helm.sh/resource-policy") != "keep":
		return Deleted
	case from.Kind == "PersistentVolumeClaim":
		return Orphaned
	case to == nil && text(from.tree, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete":
		return Deleted
	case to != nil && text(to.tree, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled") == "Delete":
		return Deleted
	}
	return Orphaned
}

// claimNames are the claims that an object stands for, by the names that the StatefulSet controller gives.
func claimNames(o *object) []string {
	switch {
	case o == nil:
		return nil
	case o.is("", "PersistentVolumeClaim"):
		return []string{o.Name}
	case !o.is("apps", "StatefulSet"):
		return nil
	}
	var names []string
	start := number(o.tree, 0, "spec", "ordinals", "start")
	for _, template := range items(o.tree, "spec", "volumeClaimTemplates") {
		for i := range number(o.tree, 1, "spec", "replicas") {
			names = append(names, fmt.Sprintf("%s-%s-%d", text(template, "metadata", "name"), o.Name, start+i))
		}
	}
	return names
}

// replaced is a StatefulSet that gives way to one of another name, made by the same template, with other claims.
type replaced struct{ from, to *object }

// replaced pairs them.
func (s sides) replaced() []replaced {
	var all []replaced
	for _, o := range s.from {
		if o.set() == "" || len(claimNames(o)) == 0 || find(s.to, o.Object) != nil || o.source == "" {
			continue
		}
		for _, other := range s.to {
			if other.set() != "" && other.source == o.source && len(claimNames(other)) > 0 && find(s.from, other.Object) == nil {
				all = append(all, replaced{o, other})
			}
		}
	}
	return all
}

func (r replaced) finding(canMove bool) Finding {
	what := fmt.Sprintf("%s takes its place with other claims, ", r.to.Object)
	if canMove {
		return Finding{Verdict: Move, Object: r.from.Object, Text: what + "and the chart moves its data there; publishers wait meanwhile"}
	}
	return Finding{Verdict: ByHand, Object: r.from.Object, Text: what + "which begin empty: copy its data before or after, in the way of what runs in it"}
}

// left finds StatefulSets that go with nothing in their place.
func left(s sides, p Plan) []Finding {
	var all []Finding
	for _, o := range s.from {
		names := claimNames(o)
		moved := slices.ContainsFunc(p.moves, func(m replaced) bool { return m.from == o })
		if o.set() == "" || len(names) == 0 || find(s.to, o.Object) != nil || moved {
			continue
		}
		if fate(o, nil) == Orphaned {
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: "it goes, and nothing serves what is on its claims any more: copy it before, if anybody needs it"})
		}
	}
	return all
}

// lost finds claims that are deleted, and disks that a server would wipe.
func lost(s sides, p Plan) []Finding {
	var all []Finding
	for _, o := range s.from {
		var gone []string
		for _, c := range p.Claims {
			if c.Fate == Deleted && c.Of == o.set() && slices.Contains(claimNames(o), c.Name) {
				gone = append(gone, c.Name)
			}
		}
		if len(gone) > 0 {
			all = append(all, Finding{Verdict: LosesData, Object: o.Object, Text: "deleted with all that is on them: " + strings.Join(gone, ", ")})
		}
	}
	for _, o := range s.from {
		to := find(s.to, o.Object)
		if to == nil || !o.is(argo, "EventBus") || at(o.tree, "spec", "jetstream") == nil || at(to.tree, "spec", "jetstream") == nil {
			continue
		}
		was, will := number(o.tree, 3, "spec", "jetstream", "replicas"), number(to.tree, 3, "spec", "jetstream", "replicas")
		if was != will && min(was, will) == 1 {
			all = append(all, Finding{Verdict: LosesData, Object: o.Object, Text: fmt.Sprintf("its controller opens the same disks with %d servers instead of %d, and a clustered server deletes what a lone one wrote: make another EventBus", will, was)})
		}
	}
	return all
}

// resized is a StatefulSet with disks whose number of members changes.
type resized struct {
	*object
	was, will int
}

func (s sides) resized() []resized {
	var all []resized
	for _, o := range s.to {
		from := find(s.from, o.Object)
		if from == nil || o.set() == "" || len(claimNames(o)) == 0 {
			continue
		}
		if was, will := number(from.tree, 1, "spec", "replicas"), number(o.tree, 1, "spec", "replicas"); was != will {
			all = append(all, resized{o, was, will})
		}
	}
	return all
}

// voters says what it takes that members come or go.
func voters(s sides, p Plan) []Finding {
	var all []Finding
	for _, o := range s.resized() {
		add := func(v Verdict, text string) {
			all = append(all, Finding{Verdict: v, Object: o.Object, Text: fmt.Sprintf(text, o.was, o.will)})
		}
		switch {
		case !o.runsNATS():
			add(ByHand, "%d members become %d: tell those that are there, in the way of what runs in it, before one comes or goes")
		case o.will > o.was:
			add(InPlace, "%d servers become %d; the new ones join by themselves")
		case p.canMove:
			add(InPlace, "%d servers become %d; helm upgrade takes those that go out of the quorum before, one by one, and kubectl does not")
		default:
			add(ByHand, "%d servers become %d: take those that go out of the quorum before, one by one")
		}
	}
	return all
}

// leaving names the NATS servers that go, the last one first.
func (s sides) leaving() []string {
	var all []string
	for _, o := range s.resized() {
		for i := o.was - 1; o.runsNATS() && i >= o.will; i-- {
			all = append(all, fmt.Sprintf("%s-%d", o.Name, i))
		}
	}
	return all
}

// runsNATS tells by the image.
func (o *object) runsNATS() bool {
	return slices.ContainsFunc(items(o.tree, "spec", "template", "spec", "containers"), func(c any) bool {
		image, _, _ := strings.Cut(text(c, "image"), "@")
		repository := image[strings.LastIndexByte(image, '/')+1:]
		repository, _, _ = strings.Cut(repository, ":")
		return repository == "nats"
	})
}
