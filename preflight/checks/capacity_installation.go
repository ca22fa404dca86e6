package checks

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// withInstallation returns the cluster with the pods of the installation, placed beside the running pods. Workloads that have pods
// already are installed: they do not come twice.
func withInstallation(s *snapshot.Snapshot) (*snapshot.Snapshot, []Finding) {
	if s.Installation == nil {
		return s, nil
	}
	p, err := newPlacer(s, s.Nodes)
	if err != nil {
		return s, []Finding{{Status: Unknown, Message: "the installation cannot be placed: " + err.Error(), Fix: "report this error"}}
	}
	nodes := map[string]bool{}
	for _, n := range s.Nodes {
		nodes[n.Name] = true
	}
	for _, pod := range s.Pods {
		if nodes[pod.Spec.NodeName] && !isDone(pod) {
			if err := p.scheduler.Add(pod); err != nil {
				return s, []Finding{{Status: Unknown, Message: "the installation cannot be placed: " + err.Error(), Fix: "report this error"}}
			}
		}
	}
	var pods, daemons []*corev1.Pod
	for _, w := range newWorkloads(s) {
		for i := range w.Replicas {
			pods = append(pods, owned(w, w.Pod(i, 1)))
		}
		if w.Kind == workload.DaemonSet {
			fit := placement.NewFit(w.Pod(0, 1))
			for i, n := range filter(s.Nodes, fit.Accepts) {
				pod := owned(w, w.Pod(i, 1))
				pod.Spec.NodeName = n.Name
				if err := p.scheduler.Add(pod); err == nil {
					daemons = append(daemons, pod)
				}
			}
		}
	}
	if err := p.placeAll(pods); err != nil {
		return s, []Finding{{Status: Unknown, Message: "the installation cannot be placed: " + err.Error(), Fix: "report this error"}}
	}
	var findings []Finding
	if len(p.refused) > 0 {
		findings = append(findings, Finding{
			Status: Fail, Message: fmt.Sprintf("%s of the installation cannot be placed beside the running pods, such as %s (%s)", count(len(p.refused), "pod"), key(p.refused[0]), p.why),
			Fix: "add nodes for " + sum(p.refused) + ", or lower requests",
		})
	}
	with := *s
	with.Pods = append(append(append([]*corev1.Pod{}, s.Pods...), daemons...), p.placed...)
	return &with, findings
}

// newWorkloads returns the workloads of the installation that have no pods in the cluster yet.
func newWorkloads(s *snapshot.Snapshot) []*workload.Workload {
	installed := map[string]bool{}
	for _, pod := range s.Pods {
		if owner := metav1.GetControllerOf(pod); owner != nil {
			kind, name := owner.Kind, owner.Name
			if deployment, ok := deploymentOf(pod); ok {
				kind, name = workload.Deployment, deployment
			}
			installed[kind+" "+pod.Namespace+"/"+name] = true
		}
	}
	return filter(s.Installation.System.Workloads, func(w *workload.Workload) bool { return !installed[w.Kind+" "+w.Namespace+"/"+w.Name] })
}

// owned returns a pod with the controller of its workload.
func owned(w *workload.Workload, pod *corev1.Pod) *corev1.Pod {
	kind, name := w.Kind, w.Name
	if w.Kind == workload.Deployment {
		kind, name = workload.ReplicaSet, w.Name+"-"+pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	}
	yes := true
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: &yes}}
	return pod
}
