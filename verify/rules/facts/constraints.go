package facts

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Constraint is a placement constraint that keeps pods of a workload apart: topology spread or anti-affinity.
type Constraint struct {
	placement.Constraint
	Workload *workload.Workload

	system *System
}

func (s *System) readConstraints(w *workload.Workload, namespaces placement.Namespaces) []Constraint {
	var all []Constraint
	for _, c := range placement.Constraints(s.pod(w), namespaces) {
		if c.Kind != placement.Affinity {
			all = append(all, Constraint{c, w, s})
		}
	}
	return all
}

// Constraints returns the placement constraints that keep the pods of a workload apart, from each other or from other pods.
func (s *System) Constraints(w *workload.Workload) []Constraint { return s.constraints(w) }

// In returns the constraint, or a field of it, as a place in the manifests.
func (c Constraint) In(field ...string) Place {
	return InTemplate(c.Workload, slices.Concat(c.Path, field)...)
}

// String describes the constraint: "required anti-affinity on kubernetes.io/hostname".
func (c Constraint) String() string {
	strength, kind := "preferred", "anti-affinity"
	if c.Required {
		strength = "required"
	}
	if c.Kind == placement.Spread {
		kind = "topology spread"
	}
	return strength + " " + kind + " on " + c.TopologyKey
}

// SelectsPodsOf reports whether the constraint selects the pods of another workload.
func (c Constraint) SelectsPodsOf(other *workload.Workload) bool {
	if other == c.Workload || !c.Selects(c.system.pod(other)) {
		return false
	}
	// A label that a controller sets has a different value for each workload.
	return !slices.ContainsFunc(c.MatchLabelKeys, func(key string) bool {
		_, ok := c.Workload.Template.Labels[key]
		return !ok
	})
}

// SelectedWorkloads returns the other workloads whose pods a constraint selects.
func (s *System) SelectedWorkloads(c Constraint) []*workload.Workload {
	candidates := s.Workloads
	if selector, namespace, ok := c.Selector(); ok {
		candidates = s.byLabels().Candidates(namespace, selector)
	}
	return filtered(candidates, c.SelectsPodsOf)
}

// HostPorts returns the host ports of each pod of a workload.
func (s *System) HostPorts(w *workload.Workload) []placement.HostPort { return s.fit(w).Ports }

// MayBeSpread reports whether a placement constraint or a host port may keep the pods of a workload apart.
func (s *System) MayBeSpread(w *workload.Workload) bool {
	return len(s.HostPorts(w)) > 0 || slices.ContainsFunc(s.Constraints(w), func(c Constraint) bool { return c.MaySelectOwn() })
}

// MayShareNode reports whether all pods of a workload may be meant to run on the same node: by nodeName, by a requirement on the
// host name or the node name, or by required affinity on the host name.
func (s *System) MayShareNode(w *workload.Workload) bool {
	spec := &w.Template.Spec
	return spec.NodeName != "" || placement.RequiresNodeLabel(spec, cluster.HostLabel) ||
		slices.ContainsFunc(placement.Constraints(s.pod(w), nil), func(c placement.Constraint) bool {
			return c.Kind == placement.Affinity && c.Required && c.TopologyKey == cluster.HostLabel
		})
}

// RequiredZones returns the zones that required node affinity allows, sorted; none if it does not restrict them.
func RequiredZones(w *workload.Workload) []string {
	var all []string
	for _, t := range placement.RequiredNodeTerms(&w.Template.Spec) {
		i := slices.IndexFunc(t.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == cluster.ZoneLabel && r.Operator == corev1.NodeSelectorOpIn
		})
		if i < 0 {
			return nil
		}
		all = append(all, t.MatchExpressions[i].Values...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
