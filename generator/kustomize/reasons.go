package kustomize

import (
	"reflect"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/ha"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// reasons explain patches by the policy: by what a profile decides otherwise than the base's.
type reasons struct {
	stack   stack.Stack
	profile profile.Profile
	// decided are the decisions that differ, by component.
	decided map[string][]ha.Decision
}

func newReasons(s stack.Stack, base, p profile.Profile) reasons {
	r := reasons{s, p, map[string][]ha.Decision{}}
	for _, c := range s.Components {
		before := map[string]any{}
		for _, d := range ha.Decide(base, c) {
			before[d.Key] = d.Value
		}
		for _, d := range ha.Decide(p, c) {
			if !reflect.DeepEqual(d.Value, before[d.Key]) {
				r.decided[c.Name] = append(r.decided[c.Name], d)
			}
		}
	}
	return r
}

// shownIn lists the fields in which a decision shows where they are not called as its key is.
var shownIn = map[string][]string{
	"antiAffinity": {"affinity"},
	"election":     {"annotations", "env", "serviceAccountName", "rules", "subjects"},
}

// shows returns the field, a path from the root, in which a decision shows in an operation; "" if in none.
func shows(d ha.Decision, o operation) string {
	names := o.names()
	for i, name := range names {
		if name == d.Key || slices.Contains(shownIn[d.Key], name) {
			return strings.Join(names[:i+1], ".")
		}
	}
	return ""
}

// changed is the comment on a patch: each field that is another, with the decision behind it. What is no decision's own follows from
// the number of replicas, and where that is the same, from what the profile is there for.
func (r reasons) changed(o manifest.Object, operations []operation) string {
	decisions := r.behind(o, operations)
	fields := map[string][]string{}
	var reasons []string
	for _, step := range operations {
		path, reason := strings.Join(step.names(), "."), r.profile.Summary
		if i := slices.IndexFunc(decisions, isReplicas); i >= 0 {
			reason = sentence(decisions[i])
		}
		if i := slices.IndexFunc(decisions, func(d ha.Decision) bool { return shows(d, step) != "" }); i >= 0 {
			path, reason = shows(decisions[i], step), sentence(decisions[i])
		}
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
		if !slices.Contains(fields[reason], path) {
			fields[reason] = append(fields[reason], path)
		}
	}
	text := ""
	for _, reason := range reasons {
		text += manifest.Comment(strings.Join(fields[reason], ", ")+": "+reason, "# ")
	}
	return text
}

// present says why an object is there under one profile and not under the other.
func (r reasons) present(o manifest.Object) string {
	all := r.components(o)
	for _, c := range all {
		for _, d := range r.decided[c.Name] {
			if strings.EqualFold(d.Key, o.Kind) {
				return sentence(d)
			}
		}
	}
	if len(all) == 0 {
		return r.profile.Summary
	}
	if at := slices.IndexFunc(r.decided[all[0].Name], isReplicas); at >= 0 {
		return sentence(r.decided[all[0].Name][at])
	}
	return all[0].Name + ": " + all[0].Description
}

func isReplicas(d ha.Decision) bool { return d.Key == "replicas" }

func sentence(d ha.Decision) string { return d.Rule + " " + d.Reason }

// behind returns the decisions of the component that explains an object best: of which the most show in it, and the fewest do not.
func (r reasons) behind(o manifest.Object, operations []operation) []ha.Decision {
	var best []ha.Decision
	score := 0
	for i, c := range r.components(o) {
		here := 0
		for _, d := range r.decided[c.Name] {
			if slices.ContainsFunc(operations, func(o operation) bool { return shows(d, o) != "" }) {
				here++
			} else {
				here--
			}
		}
		if i == 0 || here > score {
			best, score = r.decided[c.Name], here
		}
	}
	return best
}

// components are those that an object belongs to or follows from, by its label.
func (r reasons) components(o manifest.Object) []stack.Component {
	// A lone voter has a label of its own.
	label := strings.TrimSuffix(metadata(o.Text, "labels", "app.kubernetes.io/component"), "-standalone")
	var all []stack.Component
	for _, c := range r.stack.Components {
		if c.Name == label || slices.Contains(c.Shows, label) {
			all = append(all, c)
		}
	}
	return all
}
