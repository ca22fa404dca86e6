// Package simtest has workloads for tests of the simulation, as manifests, and random systems.
package simtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Required pod anti-affinity to all pods with an app label, by zone and by node.
const (
	ZoneAntiAffinity = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}]}}"
	HostAntiAffinity = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}]}}"
)

// Workload returns a workload of three pods with the label app: NAME. Extra goes into its spec, pod into that of its pods.
func Workload(kind, name, extra, pod string) string {
	return strings.NewReplacer("KIND", kind, "NAME", name, "EXTRA", extra, "POD", pod).Replace(`
---
apiVersion: apps/v1
kind: KIND
metadata: {name: NAME}
spec:
  replicas: 3
  selector: {matchLabels: {app: NAME}}
  EXTRA
  template:
    metadata: {labels: {app: NAME}}
    spec:
      POD
      containers: [{name: c, image: i}]
`)
}

// Replicas changes the replicas of a Workload.
func Replicas(n int, workload string) string {
	return strings.Replace(workload, "replicas: 3", fmt.Sprint("replicas: ", n), 1)
}

// DaemonSet returns a DaemonSet as Workload does.
func DaemonSet(name, extra, pod string) string {
	return strings.Replace(Workload("DaemonSet", name, extra, pod), "replicas: 3", "", 1)
}

// Container adds fields to the container of a Workload.
func Container(fields, workload string) string {
	return strings.Replace(workload, "image: i", "image: i, "+fields, 1)
}

// Budget returns a PodDisruptionBudget for the pods with the label app: APP.
func Budget(app, spec string) string {
	return strings.NewReplacer("APP", app, "SPEC", spec).Replace(`
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: APP}, spec: {selector: {matchLabels: {app: APP}}, SPEC}}
`)
}

// Claim returns a PersistentVolumeClaim of 1Gi. Extra goes into its spec; without a class it has the default one.
func Claim(name, accessMode string, extra ...string) string {
	return strings.NewReplacer("NAME", name, "MODE", accessMode, "EXTRA", strings.Join(extra, ", ")).Replace(`
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: NAME}, spec: {accessModes: [MODE], resources: {requests: {storage: 1Gi}}, EXTRA}}
`)
}

// Class returns a StorageClass. Extra are further fields.
func Class(name, provisioner, mode string, extra ...string) string {
	return strings.NewReplacer("NAME", name, "BY", provisioner, "MODE", mode, "EXTRA", strings.Join(extra, ", ")).Replace(`
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: NAME}, provisioner: BY, volumeBindingMode: MODE, EXTRA}
`)
}

// Volume returns a PersistentVolume of 1Gi for one node at a time. Spec are further fields of its spec.
func Volume(name, class string, spec ...string) string {
	return strings.NewReplacer("NAME", name, "CLASS", class, "SPEC", strings.Join(spec, ", ")).Replace(`
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {storageClassName: CLASS, capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], SPEC}}
`)
}

// OnNodes is the node affinity of a PersistentVolume: nodes with one of the values of a label.
func OnNodes(label string, values ...string) string {
	return "nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: " + label + ", operator: In, values: [" + strings.Join(values, ", ") + "]}]}]}}"
}

// Random returns a random system with all kinds of constraints, and the nodes for it.
func Random(t testing.TB, seed uint64) (cluster.Cluster, *workload.System) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	text := Claim("shared", pick("ReadWriteOnce", "ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"))
	const isDefault = `annotations: {storageclass.kubernetes.io/is-default-class: "true"}, name: c`
	text += strings.Replace(pick("", Class("c", "ebs.csi.aws.com", "WaitForFirstConsumer"), Class("c", "ebs.csi.aws.com", "Immediate"), Class("c", "rancher.io/local-path", "WaitForFirstConsumer"),
		Class("c", "nfs.csi.k8s.io", "Immediate"), Class("c", "pd.csi.storage.gke.io", "WaitForFirstConsumer", "parameters: {replication-type: regional-pd}"), Class("c", "kubernetes.io/no-provisioner", "WaitForFirstConsumer")),
		"name: c", isDefault, 1)
	for i := range r.IntN(4) {
		text += Volume(fmt.Sprint("v", i), "c", "local: {path: /d}", pick(OnNodes(cluster.HostLabel, "g0", "g0-1", "g1-2"), OnNodes(cluster.ZoneLabel, "z1", "z2")))
	}
	for i := range 1 + r.IntN(4) {
		name := fmt.Sprint("w", i)
		kind := pick("Deployment", "Deployment", "StatefulSet", "StatefulSet", "DaemonSet")
		rollout := map[string][]string{
			"Deployment":  {"", "strategy: {type: Recreate}", "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}", "strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 50%}}", "minReadySeconds: 5"},
			"StatefulSet": {"", "podManagementPolicy: Parallel", "updateStrategy: {rollingUpdate: {partition: 1}}", "updateStrategy: {type: OnDelete}", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]"},
			"DaemonSet":   {"", "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", "updateStrategy: {rollingUpdate: {maxUnavailable: 40%}}"},
		}[kind]
		own := "{matchLabels: {app: " + name + "}}"
		pods := []string{
			"", "",
			"tolerations: [{key: dedicated, operator: Exists}]",
			"tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists}]",
			"nodeSelector: {disk: ssd}",
			"affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: " + own + "}]}}",
			"affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: " + own + "}]}}",
			"affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: " + own + "}}]}}",
			"topologySpreadConstraints: [{maxSkew: 1, minDomains: 3, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: " + own + "}]",
			"topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: " + own + ", matchLabelKeys: [pod-template-hash]}]",
			"affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: w0}}}]}}",
			"volumes: [{name: d, persistentVolumeClaim: {claimName: shared}}]",
			"volumes: [{name: e, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]",
		}
		extra, pod := pick(rollout...), pick(pods...)
		workload := Workload(kind, name, extra, pod)
		workload = Container("resources: {requests: {cpu: "+pick("100m", "1", "2")+"}}", workload)
		if kind == "DaemonSet" {
			workload = strings.Replace(workload, "replicas: 3", "", 1)
		}
		text += Replicas(1+r.IntN(5), workload)
		if r.IntN(2) == 0 {
			text += Budget(name, pick("maxUnavailable: 1", "minAvailable: 2", "minAvailable: 50%", "maxUnavailable: 0"))
		}
	}
	var groups strings.Builder
	groups.WriteString("nodes:\n")
	for i := range 1 + r.IntN(4) {
		fmt.Fprintf(&groups, "- {name: g%d, count: %d, zone: %s, labels: {%s}, taints: [%s], capacity: {cpu: %s}}\n", i, 1+r.IntN(4), pick("z1", "z2", "z3", `""`),
			pick("", "", "disk: ssd"), pick("", "", "", "{key: dedicated, effect: NoSchedule}"), pick(`"2"`, `"4"`, `"8"`))
	}
	c, err := cluster.Parse("c.yaml", []byte(groups.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, &groups)
	}
	return c, verifytest.Read(t, "m.yaml", text)
}
