package checks

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// etcdMembers counts the etcd members that run as pods. kubeadm labels them component=etcd (cmd/kubeadm/app/util/staticpod, v1.36).
var etcdMembers = Check{
	ID: "etcd-members", Title: "etcd keeps its majority when a node or zone fails", Reads: []snapshot.Resource{snapshot.Pods, snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var members, ready []*corev1.Pod
		for _, p := range s.Pods {
			if p.Namespace == metav1.NamespaceSystem && p.Labels["component"] == "etcd" && !isDone(p) {
				members = append(members, p)
				if podReady(p) {
					ready = append(ready, p)
				}
			}
		}
		if len(members) == 0 {
			return "", []Finding{{Status: Unknown, Message: "no etcd member runs as a pod in kube-system: the control plane is managed or external, and its members are not visible",
				Fix: "ask the provider of the control plane, then pass --accept etcd-members"}}
		}
		var findings []Finding
		add := func(status Status, message, fix string) {
			findings = append(findings, Finding{Status: status, Message: message, Fix: fix})
		}
		if len(ready) < len(members) {
			add(Fail, fmt.Sprintf("%d of %s are Ready", len(ready), count(len(members), "etcd member")), "repair or replace the members that are not Ready")
		}
		switch n := len(members); {
		case n == 1:
			add(Warn, "one etcd member: its loss stops the control plane and loses its data", "run three members on nodes in different zones")
		case n%2 == 0:
			add(Warn, fmt.Sprintf("%d etcd members tolerate no more failures than %d", n, n-1), "run an odd number of members")
		}
		perZone := map[string]int{}
		for _, p := range members {
			for _, n := range s.Nodes {
				if zone := n.Labels[corev1.LabelTopologyZone]; n.Name == p.Spec.NodeName && zone != "" {
					perZone[zone]++
				}
			}
		}
		for _, zone := range sortedKeys(perZone) {
			if n := perZone[zone]; len(members) > 1 && len(members)-n <= len(members)/2 {
				add(Warn, fmt.Sprintf("%d of %d etcd members are in zone %s: its loss takes the majority", n, len(members), zone), "move members to other zones")
			}
		}
		return fmt.Sprintf("%s in zones %s", count(len(members), "etcd member"), strings.Join(sortedKeys(perZone), ", ")), findings
	},
}

func podReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil
		}
	}
	return false
}
