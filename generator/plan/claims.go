package plan

import (
	"fmt"
	"slices"
	"strings"
)

// Claim is a PersistentVolumeClaim of a StatefulSet, or one of the release.
type Claim struct {
	Name string `json:"name"`
	// Of is the StatefulSet; empty for a claim that is an object of the release.
	Of   string `json:"of,omitempty"`
	Fate Fate   `json:"fate"`
}

// Fate is the effect of the change on a claim.
type Fate string

// The fates.
const (
	Kept Fate = "kept"
	New  Fate = "new"
	// Orphaned: the claim keeps its data, and no pod uses it.
	Orphaned Fate = "orphaned"
	Deleted  Fate = "deleted"
)

// claims lists the claims of both sides: first those of the new side, then the others.
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

// set returns the name of a StatefulSet; empty for other objects.
func (o *object) set() string {
	if o.is("apps", "StatefulSet") {
		return o.Name
	}
	return ""
}

// fate returns the effect on a claim that is removed, or whose pod is. to is nil if its StatefulSet is removed too.
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

// claimNames returns the names of an object's claims, as the StatefulSet controller creates them.
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

// replacement is a StatefulSet and its replacement by another one from the same template, with other claims.
type replacement struct{ from, to *object }

// replacements finds the replaced StatefulSets.
func (s sides) replacements() []replacement {
	var all []replacement
	for _, o := range s.from {
		if o.set() == "" || len(claimNames(o)) == 0 || find(s.to, o.Object) != nil || o.source == "" {
			continue
		}
		for _, other := range s.to {
			if other.set() != "" && other.source == o.source && len(claimNames(other)) > 0 && find(s.from, other.Object) == nil {
				all = append(all, replacement{o, other})
			}
		}
	}
	return all
}

// changesShape reports whether one server becomes several or the other way round: only then a chart migrates the data.
func (r replacement) changesShape() bool {
	was, will := number(r.from.tree, 1, "spec", "replicas"), number(r.to.tree, 1, "spec", "replicas")
	return min(was, will) == 1 && was != will
}

// migration is the finding for a replacement whose data the chart migrates.
func (r replacement) migration() Finding {
	return Finding{Verdict: Migration, Object: r.from.Object, Text: fmt.Sprintf("%s replaces it with new volume claims; the chart migrates the data, and publishers must retry meanwhile", r.to.Object)}
}

// emptied is the finding for a replacement without its data.
func (r replacement) emptied() Finding {
	return Finding{Verdict: ByHand, Object: r.from.Object, Text: fmt.Sprintf("%s replaces it with new volume claims, which are empty: keep the name, or copy the data with the application's own tools", r.to.Object)}
}

// abandoned finds StatefulSets that are removed without a replacement.
func abandoned(s sides, _ Plan) []Finding {
	var all []Finding
	for _, o := range s.from {
		names := claimNames(o)
		replaced := slices.ContainsFunc(s.replacements(), func(r replacement) bool { return r.from == o })
		if o.set() == "" || len(names) == 0 || find(s.to, o.Object) != nil || replaced {
			continue
		}
		if fate(o, nil) == Orphaned {
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: "it is removed, and nothing serves the data on its volume claims: copy the data first, if you need it"})
		}
	}
	return all
}

// dataLosses finds volume claims that are deleted, and disks whose data a server would delete.
func dataLosses(s sides, p Plan) []Finding {
	var all []Finding
	for _, o := range s.from {
		var gone []string
		for _, c := range p.Claims {
			if c.Fate == Deleted && c.Of == o.set() && slices.Contains(claimNames(o), c.Name) {
				gone = append(gone, c.Name)
			}
		}
		if len(gone) > 0 {
			all = append(all, Finding{Verdict: LosesData, Object: o.Object, Text: "volume claims are deleted with their data: " + strings.Join(gone, ", ")})
		}
	}
	for _, o := range s.from {
		to := find(s.to, o.Object)
		if to == nil || !o.is(argo, "EventBus") || at(o.tree, "spec", "jetstream") == nil || at(to.tree, "spec", "jetstream") == nil {
			continue
		}
		was, will := number(o.tree, 3, "spec", "jetstream", "replicas"), number(to.tree, 3, "spec", "jetstream", "replicas")
		if was != will && min(was, will) == 1 {
			all = append(all, Finding{Verdict: LosesData, Object: o.Object, Text: fmt.Sprintf("its controller uses the same disks for %d servers instead of %d, and a clustered nats-server deletes the data of a standalone one: create another EventBus", will, was)})
		}
	}
	return all
}

// resized is a StatefulSet with disks whose number of pods changes.
type resized struct {
	*object
	was, will int
}

// resized finds the StatefulSets with disks whose number of pods changes.
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

// resizes finds the steps that a change of the number of pods needs.
func resizes(s sides, p Plan) []Finding {
	var all []Finding
	for _, o := range s.resized() {
		add := func(v Verdict, text string) {
			all = append(all, Finding{Verdict: v, Object: o.Object, Text: fmt.Sprintf(text, o.was, o.will)})
		}
		switch {
		case !o.runsNATS():
			add(ByHand, "%d members become %d: reconfigure the quorum first, with the application's own tools")
		case o.will > o.was:
			add(InPlace, "%d servers become %d: the new ones join by themselves")
		case p.canMigrate:
			add(InPlace, "%d servers become %d: helm upgrade removes each one from the quorum first; kubectl does not")
		default:
			add(ByHand, "%d servers become %d: remove each one from the quorum first")
		}
	}
	return all
}

// leaving returns the names of the NATS servers that leave the quorum, the highest ordinal first.
func (s sides) leaving() []string {
	var all []string
	for _, o := range s.resized() {
		for i := o.was - 1; o.runsNATS() && i >= o.will; i-- {
			all = append(all, fmt.Sprintf("%s-%d", o.Name, i))
		}
	}
	return all
}

// runsNATS reports whether a container has the image of nats-server.
func (o *object) runsNATS() bool {
	return slices.ContainsFunc(items(o.tree, "spec", "template", "spec", "containers"), func(c any) bool { return isNATS(text(c, "image")) })
}

// isNATS reports whether an image is that of nats-server.
func isNATS(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	repository, _, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	return repository == "nats"
}
