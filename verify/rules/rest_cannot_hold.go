package rules

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// The sums are the least that is wanted and the most that is there, so that what does not fit here fits nowhere. Wanted is
// what controllers make again: all pods of a Deployment or ReplicaSet, unless a hard constraint or a host port may leave
// some of them out; of others, what they need to serve. There are all nodes that are left and take any of these pods. Jobs
// and DaemonSets are not counted.
//
// That the loss should be survived with all pods is nobody's claim but the manifests': a loss of zones counts where one of
// these workloads is kept apart over zones, that of a node where one is over nodes.
var restCannotHold = &Rule{
	ID:       "rest-cannot-hold",
	Protects: "What is lost with a node or a zone is made again on the rest, if the rest is large enough.",
	Fix:      "Add nodes, or request less: what is left after the loss must hold all requests.",
	checkOn: func(s *workload.System, g *ground, find func(Place, string)) {
		var all []*workload.Workload
		for _, w := range s.Workloads {
			if wanted(w) > 0 {
				all = append(all, w)
			}
		}
		for _, key := range []string{cluster.HostLabel, cluster.ZoneLabel} {
			if slices.ContainsFunc(all, func(w *workload.Workload) bool { return spreads(w, key) }) && losing(g, key, all, find) {
				return // a zone has nodes: what is missing without one is missing without their zone
			}
		}
	},
}

// wanted is how many pods of a workload there should be after a loss, at least.
func wanted(w *workload.Workload) int {
	port, _ := hostPort(w)
	limited := port != 0 || slices.ContainsFunc(keptApart(w), func(a apart) bool { return a.hard })
	switch {
	case w.Kind == workload.Job || w.Kind == workload.DaemonSet || w.Kind == workload.Pod:
		return 0
	case !limited && (w.Kind == workload.Deployment || w.Kind == workload.ReplicaSet):
		return w.Replicas
	}
	return w.Replication.Model.Needs(w.Replicas)
}

// spreads tells whether several pods of a workload are kept apart over a label of nodes.
func spreads(w *workload.Workload, key string) bool {
	return w.Replicas > 1 && slices.ContainsFunc(keptApart(w), func(a apart) bool { return a.key == key && a.own() })
}

// losing finds what is missing when the largest of the nodes or zones is lost, and says so of the workload that wants most
// of it.
func losing(g *ground, key string, all []*workload.Workload, find func(Place, string)) bool {
	sum := corev1.ResourceList{}
	used := map[*corev1.Node]bool{}
	for _, w := range all {
		for name := range requests(w) {
			sum[name] = plus(sum[name], share(w, name))
		}
		for _, n := range g.eligible(w) {
			used[n] = true
		}
	}
	for _, name := range names(sum) {
		total, in := resource.Quantity{}, map[string]resource.Quantity{}
		for _, n := range g.Nodes {
			if used[n] {
				total = plus(total, n.Status.Allocatable[name])
				in[n.Labels[key]] = plus(in[n.Labels[key]], n.Status.Allocatable[name])
			}
		}
		delete(in, "") // nodes that are in no domain are not lost with one
		if len(in) < 2 {
			continue
		}
		lost := slices.MaxFunc(slices.Sorted(maps.Keys(in)), func(a, b string) int { one, other := in[a], in[b]; return one.Cmp(other) })
		left, wants := total.DeepCopy(), sum[name]
		left.Sub(in[lost])
		if wants.Cmp(left) > 0 {
			w := slices.MaxFunc(all, func(a, b *workload.Workload) int { one, other := share(a, name), share(b, name); return one.Cmp(other) })
			find(at(w, "spec", "containers"), fmt.Sprintf("without %s there is %s %s for pods that request %s in all; this is the largest part", lost, left.String(), name, wants.String()))
			return true
		}
	}
	return false
}
