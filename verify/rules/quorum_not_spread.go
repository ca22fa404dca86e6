package rules

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a quorum that says nothing at all: a soft rule, over whatever, is the author's answer. A port of the node keeps
// pods apart as well.
var quorumNotSpread = &Rule{
	ID:       "quorum-not-spread",
	Protects: "The scheduler may put a majority of the voters on one node, and does where that node has the most room: then its loss is the quorum's.",
	Fix:      "Required anti-affinity on kubernetes.io/hostname, or a topology spread constraint with whenUnsatisfiable: DoNotSchedule.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range voters(s) {
			if !spread(w) {
				find(at(w, "spec"), fmt.Sprintf("nothing keeps its %d voters apart: a node may have %d of them, and the rest is no majority", w.Replicas, tooMany(w)))
			}
		}
	},
}

// tooMany is how many voters a quorum cannot lose.
func tooMany(w *workload.Workload) int { return w.Replicas - workload.Quorum.Needs(w.Replicas) + 1 }

// spread tells whether anything in a template keeps its pods apart.
func spread(w *workload.Workload) bool {
	spec := &w.Template.Spec
	for _, c := range spec.TopologySpreadConstraints {
		if selectsOwn(w, c.LabelSelector) {
			return true
		}
	}
	if spec.Affinity != nil && spec.Affinity.PodAntiAffinity != nil {
		for _, t := range spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			if selectsOwn(w, t.LabelSelector) {
				return true
			}
		}
		for _, t := range spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			if selectsOwn(w, t.PodAffinityTerm.LabelSelector) {
				return true
			}
		}
	}
	for _, c := range running(w) {
		for _, p := range c.Ports {
			if p.HostPort != 0 || spec.HostNetwork {
				return true
			}
		}
	}
	return false
}

// selectsOwn tells whether a selector is for the workload's own pods.
func selectsOwn(w *workload.Workload, selector *metav1.LabelSelector) bool {
	own, err := metav1.LabelSelectorAsSelector(selector) // nil selects nothing
	return err == nil && own.Matches(labels.Set(w.Template.Labels))
}

// together tells whether all pods of a workload run on one node: they are bound to it, or to each other.
func together(w *workload.Workload) bool {
	spec := &w.Template.Spec
	if spec.NodeName != "" || spec.NodeSelector[corev1.LabelHostname] != "" {
		return true
	}
	if spec.Affinity == nil {
		return false
	}
	if a := spec.Affinity.PodAffinity; a != nil {
		for _, t := range a.RequiredDuringSchedulingIgnoredDuringExecution {
			if t.TopologyKey == corev1.LabelHostname {
				return true
			}
		}
	}
	if a := spec.Affinity.NodeAffinity; a != nil && a.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		for _, t := range a.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			for _, e := range append(t.MatchExpressions, t.MatchFields...) {
				if e.Key == corev1.LabelHostname || e.Key == "metadata.name" {
					return true
				}
			}
		}
	}
	return false
}
