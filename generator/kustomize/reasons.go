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

// reasons explains patches by the decisions in which a profile differs from the base.
type reasons struct {
	stack   stack.Stack
	profile profile.Profile
	// decided has the decisions that differ from the base, by component.
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

// shownIn lists the fields that a decision changes, if their name is not its key.
var shownIn = map[string][]string{
	"antiAffinity": {"affinity"},
	"election":     {"annotations", "env", "serviceAccountName", "rules", "subjects"},
}

// shows returns the path of the field that an operation changes because of a decision; "" if the decision does not cause it.
func shows(d ha.Decision, o operation) string {
	names := o.names()
	for i, name := range names {
		if name == d.Key || slices.Contains(shownIn[d.Key], name) {
			return strings.Join(names[:i+1], ".")
		}
	}
	return ""
}

// changed returns the comment of a patch: the changed fields with the reason of the decision behind them. Fields without a
// decision follow from the number of replicas or, if that is unchanged, from the purpose of the profile.
func (r reasons) changed(o object, operations []operation) string {
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

// present returns the reason why an object exists under one profile only.
func (r reasons) present(o object) string {
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

// behind returns the decisions of the component that explains the operations best: the one with the most decisions that
// cause one of them.
func (r reasons) behind(o object, operations []operation) []ha.Decision {
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

// components returns the components of an object, by its label.
func (r reasons) components(o object) []stack.Component {
	// A standalone server has a component label of its own.
	label := strings.TrimSuffix(o.node.GetLabels()["app.kubernetes.io/component"], "-standalone")
	var all []stack.Component
	for _, c := range r.stack.Components {
		if c.Name == label || slices.Contains(c.Shows, label) {
			all = append(all, c)
		}
	}
	return all
}
