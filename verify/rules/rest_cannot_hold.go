package rules

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// The sum of requests is a lower bound and the remaining capacity an upper bound, so requests that do not fit here fit nowhere.
// The requests are those of pods that controllers replace: all pods of a Deployment or ReplicaSet without required constraints and
// host ports, and of other workloads the pods they need to serve. The capacity is that of all remaining nodes that are eligible
// for any of these pods. Jobs and DaemonSets are not counted.
//
// The manifests show which failure the pods are meant to survive: that of a zone if one of these workloads is spread over zones,
// that of a node if one is spread over nodes.
var restCannotHold = &Rule{
	ID:       "rest-cannot-hold",
	Severity: Warning,
	Protects: "The pods of a failed node or zone are replaced on the remaining nodes only if these have enough capacity.",
	Fix:      "Add nodes or request less: the nodes that remain after the failure must hold all requests.",
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		var all []*workload.Workload
		for _, w := range s.Workloads {
			if podsAfterFailure(s, w) > 0 {
				all = append(all, w)
			}
		}
		for _, domain := range []cluster.Domain{cluster.Node, cluster.Zone} {
			if slices.ContainsFunc(all, func(w *workload.Workload) bool { return isSpreadOver(s, w, domain.Label) }) && reportMissing(s, nodes, domain, all, report) {
				return // capacity that is missing without a node is missing without its zone
			}
		}
	},
}

// podsAfterFailure returns how many pods of a workload have to run after a failure, at least.
func podsAfterFailure(s *facts.System, w *workload.Workload) int {
	limited := len(s.HostPorts(w)) > 0 || slices.ContainsFunc(s.Constraints(w), func(c facts.Constraint) bool { return c.Required })
	switch {
	case w.Kind == workload.Job || w.Kind == workload.DaemonSet || w.Kind == workload.Pod:
		return 0
	case !limited && (w.Kind == workload.Deployment || w.Kind == workload.ReplicaSet):
		return w.Replicas
	}
	if w.Group != nil {
		return 0
	}
	return w.Replication.Needs(w.Replicas)
}

// isSpreadOver reports whether several pods of a workload are kept apart on a topology key.
func isSpreadOver(s *facts.System, w *workload.Workload, key string) bool {
	return w.Replicas > 1 && slices.ContainsFunc(s.Constraints(w), func(c facts.Constraint) bool { return c.TopologyKey == key && c.SelectsOwn() })
}

// reportMissing reports the capacity that is missing after the failure of the largest node or zone, in the workload with the
// largest request. It returns false if none is missing.
func reportMissing(s *facts.System, nodes *facts.Nodes, domain cluster.Domain, all []*workload.Workload, report reporter) bool {
	requested := corev1.ResourceList{}
	eligible := map[*corev1.Node]bool{}
	for _, w := range all {
		for name := range s.Requests(w) {
			requested[name] = sum(requested[name], requestOf(s, w, name))
		}
		for _, n := range nodes.Eligible(w) {
			eligible[n] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(requested)) {
		total, domains := resource.Quantity{}, map[string]resource.Quantity{}
		for _, n := range nodes.Nodes {
			if eligible[n] {
				total = sum(total, n.Status.Allocatable[name])
				domains[n.Labels[domain.Label]] = sum(domains[n.Labels[domain.Label]], n.Status.Allocatable[name])
			}
		}
		delete(domains, "") // nodes without the label do not fail with a domain
		if len(domains) < 2 {
			continue
		}
		lost := slices.MaxFunc(slices.Sorted(maps.Keys(domains)), func(a, b string) int { one, other := domains[a], domains[b]; return one.Cmp(other) })
		left, needed := total.DeepCopy(), requested[name]
		left.Sub(domains[lost])
		if needed.Cmp(left) > 0 {
			w := slices.MaxFunc(all, func(a, b *workload.Workload) int {
				one, other := requestOf(s, a, name), requestOf(s, b, name)
				return one.Cmp(other)
			})
			report(facts.InTemplate(w, "spec", "containers"), fmt.Sprintf("the failure of %s %s leaves %s %s for pods that request %s in total; this workload requests the most", domain.Name, lost, left.String(), name, needed.String()))
			return true
		}
	}
	return false
}

// requestOf returns the request for one resource of all pods of a workload that have to run after a failure.
func requestOf(s *facts.System, w *workload.Workload, name corev1.ResourceName) resource.Quantity {
	each := s.Requests(w)[name]
	each.Mul(int64(podsAfterFailure(s, w)))
	return each
}

func sum(a, b resource.Quantity) resource.Quantity {
	a = a.DeepCopy()
	a.Add(b)
	return a
}
