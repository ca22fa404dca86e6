package survival

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Assumed is what plays of a system take for granted of its cluster, in sentences.
func Assumptions(c cluster.Cluster, s *workload.System) []string {
	var said []string
	if c.Detection == 0 {
		said = append(said, fmt.Sprintf("A lost node is noticed after %s, as by the control plane's defaults.", noticed))
	}
	said = append(said,
		fmt.Sprintf("Images are on the nodes, a container runs after %s, probes succeed as soon as they may, and pods take all the time that they are given to stop.", relist))
	some := func(is func(*workload.Workload) bool) bool { return slices.ContainsFunc(s.Workloads, is) }
	for _, w := range s.Workloads {
		if l, is := w.Lease(); !is && w.Replication.Model == workload.Standby {
			said = append(said, fmt.Sprintf("A standby that says nothing of its lease takes over within %s: a lease of %s has to run out, at which it looks every %s or later.", takeover(l), l.Duration, l.RetryPeriod))
			break
		}
	}
	if some(func(w *workload.Workload) bool { return w.Replication.Model == workload.Elected }) {
		said = append(said, fmt.Sprintf("Where pods elect one of them by votes, it takes them %s.", vote))
	}
	ofClaim := func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil }
	if some(func(w *workload.Workload) bool {
		return len(w.Claims) > 0 || slices.ContainsFunc(w.Template.Spec.Volumes, ofClaim)
	}) {
		said = append(said, "A disk of a StorageClass that is not among the manifests is made where its first pod is placed, and stays in that zone; a claim that is not among them may be on several nodes.")
	}
	return said
}
