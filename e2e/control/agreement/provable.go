package agreement

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
)

// provable generates a system that most often survives the failure of a zone, or of a node if it has a single zone, wherever the scheduler places
// the pods: nodes without taints, small requests, and replicas that a required constraint keeps apart.
func provable(s *System, d dice) {
	zones, each := one(d, 1, 3, 4), 1+d.IntN(2)
	key, domains := corev1.LabelTopologyZone, zones
	if zones == 1 {
		each = 3 + d.IntN(3)
		key, domains = corev1.LabelHostname, each
	}
	for z := range zones {
		s.Zones = append(s.Zones, fmt.Sprintf("%s-%c", s.Name, 'a'+z))
	}
	for n := range zones * each {
		s.Nodes = append(s.Nodes, cluster.Node{Name: fmt.Sprintf("%s-%d", s.Name, n), Zone: s.Zones[n%zones],
			Size: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("16Gi"), corev1.ResourcePods: resource.MustParse("110")}})
	}
	s.About = append(s.About, fmt.Sprintf("provable, %d nodes of 4 CPU in %d zones", len(s.Nodes), zones))
	for _, name := range []string{"a", "b"}[:one(d, 1, 1, 2)] {
		w := provableWorkload(d, name, key, domains)
		s.create(w)
		s.Objects = append(s.Objects, object{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": s.named(name),
			"spec": object{"selector": selectorOf(name), "maxUnavailable": 1}})
		s.About = append(s.About, strings.Join(w.about, ", "))
	}
}

// provableWorkload generates a workload whose replicas are kept apart by required anti-affinity, or by a topology spread over a minimum of domains.
func provableWorkload(d dice, name, key string, domains int) *draft {
	w := &draft{Workload: Workload{Kind: one(d, deployment, statefulSet), Name: name, Replicas: 2 + d.IntN(domains-1)}, apiVersion: "apps/v1"}
	w.replication = one(d, "stateless", "copies:1")
	spread := d.in(50)
	if spread && d.in(50) {
		w.Replicas += d.IntN(domains)
	}
	w.describe("%s %s of %d", w.Kind, name, w.Replicas)
	w.describe("%s", w.replication)
	w.pod = object{
		"terminationGracePeriodSeconds": 1,
		"tolerations":                   []any{object{"key": corev1.TaintNodeUnreachable, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}},
		"containers": []any{object{"name": "c", "image": "example.com/c", "readinessProbe": object{"tcpSocket": object{"port": 80}},
			"resources": object{"requests": object{"cpu": one(d, "100m", "250m")}}}},
	}
	if spread {
		least := min(domains, w.Replicas)
		w.describe("spread by %s (minDomains %d)", short[key], least)
		w.pod["topologySpreadConstraints"] = []any{object{"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "minDomains": least, "labelSelector": selectorOf(name)}}
	} else {
		w.describe("podAntiAffinity by %s (required)", short[key])
		w.pod["affinity"] = object{"podAntiAffinity": object{"requiredDuringSchedulingIgnoredDuringExecution": []any{object{"topologyKey": key, "labelSelector": selectorOf(name)}}}}
	}
	w.spec = object{"replicas": w.Replicas, "selector": object{"matchLabels": object{"app": name}}}
	if w.Kind == statefulSet {
		w.spec["serviceName"] = name
		w.spec["podManagementPolicy"] = one(d, "OrderedReady", "Parallel")
		w.describe("%s", w.spec["podManagementPolicy"])
		return w
	}
	w.spec["strategy"] = object{"type": "RollingUpdate", "rollingUpdate": object{"maxSurge": 0, "maxUnavailable": 1}}
	w.spec["progressDeadlineSeconds"] = 600
	return w
}
