package facts

import (
	"iter"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// IsQuorum reports whether the pods of a workload are quorum members.
func IsQuorum(w *workload.Workload) bool { return w.Replication.Model == workload.Quorum }

// Quorums returns the workloads with several quorum members.
func (s *System) Quorums() []*workload.Workload {
	return slices.DeleteFunc(slices.Clone(s.Workloads), func(w *workload.Workload) bool { return !IsQuorum(w) || w.Replicas < 2 })
}

// QuorumStatefulSets iterates over the quorums that are StatefulSets of the manifests.
func (s *System) QuorumStatefulSets() iter.Seq2[*workload.Workload, *appsv1.StatefulSet] {
	return func(yield func(*workload.Workload, *appsv1.StatefulSet) bool) {
		for o, set := range Objects[appsv1.StatefulSet](s, "apps/v1", "StatefulSet") {
			if w := s.WorkloadOf(o); w != nil && IsQuorum(w) && w.Replicas > 1 && !yield(w, set) {
				return
			}
		}
	}
}

// Members returns the number of members of a quorum, and how many of them are a majority. Those of other workloads of its group are
// included.
func Members(w *workload.Workload) (members, majority int) {
	members = w.Replicas
	if w.Group != nil {
		members = w.Group.Pods(func(w *workload.Workload) int { return w.Replicas })
	}
	return members, members/2 + 1
}

// MajorityLoss returns the smallest number of members without which a quorum has no majority.
func MajorityLoss(w *workload.Workload) int {
	members, majority := Members(w)
	return members - majority + 1
}

// QuorumContainers returns the containers of a pod that are quorum members: that of known software, or all if it is unknown.
func QuorumContainers(w *workload.Workload) []Container {
	all := Containers(w)
	if w.Software != nil && w.Software.IsMember() {
		return all[len(all)-len(w.Template.Spec.Containers)+w.Software.Container:][:1]
	}
	return all
}

// ReadinessNeedsPeers reports whether a quorum member may become ready only when others are reachable: a startup or readiness
// probe makes a request that is not known to concern this member alone.
func (s *System) ReadinessNeedsPeers(w *workload.Workload) bool {
	for _, c := range QuorumContainers(w) {
		for _, p := range c.Probes() {
			if p.Field == "livenessProbe" || p.Request() == "" {
				continue
			}
			if h, known := c.HealthCheck(s.Probe(w, c, p.Field, p.Probe)); !known || h.ClusterState != "" {
				return true
			}
		}
	}
	return false
}
