package checks

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	quota "k8s.io/apiserver/pkg/quota/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/admission"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// installQuotas finds ResourceQuotas of the cluster that refuse pods or claims of the installation: by the API server's own
// evaluators, for the pods of the steady state.
var installQuotas = Check{
	ID: "install-quotas", Title: "ResourceQuotas allow the pods and claims", Installs: true,
	Reads: []snapshot.Resource{snapshot.Quotas, snapshot.Pods, snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		workloads := newWorkloads(s)
		applying := 0
		for _, object := range s.Quotas {
			q := admission.NewQuota(object)
			used := corev1.ResourceList{}
			for name := range q.Hard {
				used[name] = object.Status.Used[name]
			}
			applies := false
			for _, w := range workloads {
				pods := w.Replicas
				if w.Kind == workload.DaemonSet {
					pods = len(filter(s.Nodes, placement.NewFit(w.Pod(0, 1)).Accepts))
				}
				for i := range pods {
					usage, refused := q.UsageOfPod(w.Pod(i, 1))
					if refused != "" {
						findings = append(findings, Finding{Status: Fail, Object: w.String(), Message: "its pods are refused: " + refused, Fix: "set the requests and limits that the quota counts, or add a LimitRange with defaults"})
						break
					}
					applies = applies || len(usage) > 0
					used = quota.Add(used, usage)
					for c := range w.Claims {
						claim := w.Claims[c].DeepCopy()
						claim.Namespace = w.Namespace
						used = quota.Add(used, q.UsageOfClaim(claim))
					}
				}
			}
			if !applies {
				continue
			}
			applying++
			for _, name := range sortedKeys(exceeded(used, q.Hard)) {
				hard, need := q.Hard[name], used[name]
				findings = append(findings, Finding{
					Status: Fail, Object: q.Object.String(),
					Message: fmt.Sprintf("allows %s of %s, and with the installation %s are used: some pods or claims are refused", hard.String(), name, need.String()),
					Fix:     fmt.Sprintf("raise %s in the quota, or use another namespace", name),
				})
			}
		}
		return count(applying, "quota") + " with enough left", findings
	},
}

// exceeded returns the resources of which more is used than allowed.
func exceeded(used, hard corev1.ResourceList) map[corev1.ResourceName]bool {
	names := map[corev1.ResourceName]bool{}
	for name, limit := range hard {
		if of := used[name]; of.Cmp(limit) > 0 {
			names[name] = true
		}
	}
	return names
}
