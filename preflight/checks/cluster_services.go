package checks

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// software is a service of the cluster that other workloads need.
type software struct {
	name string
	// labels are the labels of its Deployments; any of them is enough.
	labels []map[string]string
	// effect is what stops with it.
	effect string
	// source is where the labels are from.
	source string
	// required software is in every cluster.
	required bool
}

var clusterSoftware = []software{
	{"cluster DNS", []map[string]string{{"k8s-app": "kube-dns"}, {"k8s-app": "coredns"}, {"app.kubernetes.io/name": "coredns"}}, "no pod resolves a Service name",
		"kubernetes v1.36 cluster/addons/dns/coredns, coredns/helm charts/coredns", true},
	{"metrics-server", []map[string]string{{"k8s-app": "metrics-server"}, {"app.kubernetes.io/name": "metrics-server"}}, "HorizontalPodAutoscalers do not scale",
		"metrics-server v0.8 manifests/base, charts/metrics-server", false},
	{"ingress-nginx", []map[string]string{{"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}}, "no request from outside arrives",
		"kubernetes/ingress-nginx deploy/static", false},
	{"Traefik", []map[string]string{{"app.kubernetes.io/name": "traefik"}}, "no request from outside arrives", "traefik-helm-chart", false},
	{"Contour", []map[string]string{{"app.kubernetes.io/name": "contour"}, {"app": "contour"}}, "routes are not updated", "projectcontour examples/contour", false},
	{"HAProxy ingress", []map[string]string{{"app.kubernetes.io/name": "kubernetes-ingress"}, {"app.kubernetes.io/name": "haproxy-ingress"}}, "no request from outside arrives",
		"haproxytech/helm-charts, haproxy-ingress/charts", false},
	{"cert-manager webhook", []map[string]string{{"app.kubernetes.io/name": "webhook", "app.kubernetes.io/instance": "cert-manager"}}, "certificates cannot be created or changed",
		"cert-manager deploy/charts", false},
}

// clusterServices finds services of the cluster that do not survive the failure of a node or zone.
var clusterServices = Check{
	ID: "cluster-services", Title: "DNS, metrics and ingress have replicas on several nodes and in several zones",
	Reads: []snapshot.Resource{snapshot.Deployments, snapshot.Pods, snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		var found []string
		for _, known := range clusterSoftware {
			deployments := filter(s.Deployments, func(d *appsv1.Deployment) bool { return known.is(d) })
			if len(deployments) == 0 && known.required {
				findings = append(findings, Finding{Status: Unknown, Message: known.name + ": no Deployment of a known name found: its replicas are unknown",
					Fix: "check that DNS survives the failure of a node and a zone, then pass --accept cluster-services"})
			}
			for _, d := range deployments {
				found = append(found, known.name)
				findings = append(findings, known.findings(s, d)...)
			}
		}
		return strings.Join(found, ", "), findings
	},
}

func (known software) is(d *appsv1.Deployment) bool {
	for _, l := range known.labels {
		if labels.SelectorFromSet(l).Matches(labels.Set(d.Labels)) && (d.Spec.Replicas == nil || *d.Spec.Replicas > 0) {
			return true
		}
	}
	return false
}

func (known software) findings(s *snapshot.Snapshot, d *appsv1.Deployment) []Finding {
	object := "Deployment " + d.Namespace + "/" + d.Name
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return []Finding{{Unknown, object, known.name + ": its selector is invalid", "correct the Deployment"}}
	}
	ready := filter(s.Pods, func(p *corev1.Pod) bool {
		return p.Namespace == d.Namespace && selector.Matches(labels.Set(p.Labels)) && podReady(p)
	})
	on := filter(s.Nodes, func(n *corev1.Node) bool {
		for _, p := range ready {
			if p.Spec.NodeName == n.Name {
				return true
			}
		}
		return false
	})
	workers := filter(s.Nodes, func(n *corev1.Node) bool { return !isReserved(n) })
	zones := zonesOf(on)
	spread := "spread its pods over zones with topologySpreadConstraints"
	switch {
	case len(ready) == 0:
		return []Finding{{Fail, object, fmt.Sprintf("%s has no Ready pod: %s", known.name, known.effect), "repair its pods: kubectl get pods -n " + d.Namespace}}
	case len(ready) == 1:
		return []Finding{{Warn, object, fmt.Sprintf("%s has one Ready pod: while it is replaced, %s", known.name, known.effect), "run two replicas or more, " + spread}}
	case len(on) == 1 && len(workers) > 1:
		return []Finding{{Warn, object, fmt.Sprintf("%s has all %d Ready pods on Node %s: while it is down, %s", known.name, len(ready), on[0].Name, known.effect), spread}}
	case len(zones) == 1 && len(zonesOf(workers)) > 1:
		return []Finding{{Warn, object, fmt.Sprintf("%s has all %d Ready pods in zone %s: while it is down, %s", known.name, len(ready), zones[0], known.effect), spread}}
	}
	return nil
}
