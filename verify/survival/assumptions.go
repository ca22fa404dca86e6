package survival

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Assumptions returns what the simulation of a system assumes about its cluster, in sentences.
func Assumptions(c cluster.Cluster, s *workload.System) []string {
	var list []string
	if c.Detection == 0 {
		list = append(list, fmt.Sprintf("The control plane detects a node failure after %s, its default.", sim.Detection))
	}
	list = append(list, fmt.Sprintf("Images are on the nodes, containers run after %s, probes succeed as soon as they can, and pods take their whole grace period to terminate.", sim.ContainerStart))
	some := func(matches func(*workload.Workload) bool) bool { return slices.ContainsFunc(s.Workloads, matches) }
	for _, w := range s.Workloads {
		if l, ok := w.Lease(); !ok && w.Replication.Model == workload.Standby {
			list = append(list, fmt.Sprintf("A standby without lease flags takes over within %s: it retries every %s or later until a lease of %s has expired.", failoverTime(l), l.RetryPeriod, l.Duration))
			break
		}
	}
	if some(func(w *workload.Workload) bool { return w.Replication.Model == workload.Elected }) {
		list = append(list, fmt.Sprintf("An election by majority takes %s.", electionTime))
	}
	fromClaim := func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil }
	if some(func(w *workload.Workload) bool {
		return len(w.Claims) > 0 || slices.ContainsFunc(w.Template.Spec.Volumes, fromClaim)
	}) {
		list = append(list, "Volumes of a StorageClass that is not in the input are created in the zone of their first pod and stay there; claims that are not in the input can be used on several nodes.")
	}
	return list
}
