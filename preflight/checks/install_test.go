package checks

import (
	"fmt"
	"testing"
)

// web returns a Deployment with more fields of its pods.
func web(replicas int, cpu, more string) string {
	return fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: x}, spec: {replicas: %d, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {%s containers: [{name: web, image: example.org/web:1, resources: {requests: {cpu: %q}}}]}}}}
---
`, replicas, more, cpu)
}

func TestInstallCluster(t *testing.T) {
	testInstallation(t, installCluster, []installed{
		{example{"enough", three, nil}, web(1, "1", ""), 3, 3},
		{example{"no profile", "", nil}, web(1, "1", ""), 0, 0},
		{example{"too few nodes", three, []string{"fail the profile needs 4 nodes that are Ready, schedulable and without taints that no pod tolerates, and there are 3"}}, web(1, "1", ""), 4, 3},
		{example{"too few zones", three, []string{"fail the profile needs usable nodes in 4 zones, and there are 3 (za, zb, zc)"}}, web(1, "1", ""), 3, 4},
		{example{"a tainted node does not count", three + `{apiVersion: v1, kind: Node, metadata: {name: d}, spec: {taints: [{key: gpu, effect: NoSchedule}]}, status: {conditions: [{type: Ready, status: "True"}]}}`,
			[]string{"fail the profile needs 4 nodes"}}, web(1, "1", ""), 4, 0},
		{example{"unless pods tolerate the taint", three + `{apiVersion: v1, kind: Node, metadata: {name: d}, spec: {taints: [{key: gpu, effect: NoSchedule}]}, status: {conditions: [{type: Ready, status: "True"}]}}`,
			nil}, web(1, "1", "tolerations: [{key: gpu, operator: Exists}],"), 4, 0},
	})
}

func TestInstallKinds(t *testing.T) {
	const custom = `{apiVersion: example.org/v1, kind: Widget, metadata: {name: w, namespace: x}}
---
`
	testInstallation(t, installKinds, []installed{
		{example{"fine", "", nil}, web(1, "1", ""), 0, 0},
		{example{"missing", "", []string{"fail Widget x/w: the API server has no kind Widget of example.org/v1"}}, custom, 0, 0},
		{example{"defined by the manifests", "", nil}, custom + `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: widgets.example.org}, spec: {group: example.org, names: {kind: Widget}}}`, 0, 0},
	})
}

func TestInstallClasses(t *testing.T) {
	const set = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: x}, spec: {replicas: 1, serviceName: db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: example.org/db:1}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], %s resources: {requests: {storage: 1Gi}}}}]}}
---
`
	const disk = `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: disk, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: ebs.csi.aws.com}
---
`
	testInstallation(t, installClasses, []installed{
		{example{"fine", disk, nil}, fmt.Sprintf(set, ""), 0, 0},
		{example{"no default", "", []string{"fail StatefulSet x/db: claim data names no StorageClass, and the cluster has no default"}}, fmt.Sprintf(set, ""), 0, 0},
		{example{"missing class", disk, []string{"fail StatefulSet x/db: StorageClass fast does not exist"}}, fmt.Sprintf(set, "storageClassName: fast,"), 0, 0},
		{example{"class of the manifests", "", nil}, disk + fmt.Sprintf(set, "storageClassName: disk,"), 0, 0},
		{example{"existing volumes need no class", "", nil}, fmt.Sprintf(set, `storageClassName: "",`), 0, 0},
		{example{"missing priority", "", []string{"fail Deployment x/web: PriorityClass high does not exist"}}, web(1, "1", "priorityClassName: high,"), 0, 0},
		{example{"missing runtime", "", []string{"fail Deployment x/web: RuntimeClass vm does not exist"}}, web(1, "1", "runtimeClassName: vm,"), 0, 0},
	})
}

func TestInstallPlacement(t *testing.T) {
	const gpu = `{apiVersion: v1, kind: Node, metadata: {name: d, labels: {topology.kubernetes.io/zone: zd, gpu: "yes"}}, spec: {taints: [{key: gpu, effect: NoSchedule}]}, status: {conditions: [{type: Ready, status: "True"}]}}
---
`
	testInstallation(t, installPlacement, []installed{
		{example{"fine", three, nil}, web(3, "1", ""), 3, 3},
		{example{"no such label", three, []string{"fail Deployment x/web: no usable node accepts its pods: their node selector or affinity does not match Node a"}}, web(3, "1", "nodeSelector: {disk: ssd},"), 0, 0},
		{example{"taint", gpu, []string{"fail Deployment x/web: no usable node accepts its pods: they do not tolerate the taint gpu:NoSchedule of Node d"}}, web(1, "1", ""), 0, 0},
		{example{"toleration", gpu, nil}, web(1, "1", "tolerations: [{key: gpu, operator: Exists}],"), 0, 0},
		{example{"too few zones", three, []string{"fail Deployment x/web: nodes of 1 zone (za) accept its pods, and the profile needs 3"}}, web(2, "1", "nodeSelector: {kubernetes.io/hostname: a},"), 3, 3},
		{example{"a single pod needs one zone", three, nil}, web(1, "1", "nodeSelector: {kubernetes.io/hostname: a},"), 3, 3},
	})
}

func TestInstallQuotas(t *testing.T) {
	quota := func(namespace, hard, used string) string {
		return fmt.Sprintf(`{apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: %s}, spec: {hard: {%s}}, status: {used: {%s}}}
---
`, namespace, hard, used)
	}
	const claims = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: x}, spec: {replicas: 2, serviceName: db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: example.org/db:1}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}]}}
---
`
	testInstallation(t, installQuotas, []installed{
		{example{"none", "", nil}, web(3, "1", ""), 0, 0},
		{example{"enough", quota("x", "requests.cpu: 4", "requests.cpu: 1"), nil}, web(3, "1", ""), 0, 0},
		{example{"of another namespace", quota("other", "requests.cpu: 1", ""), nil}, web(3, "1", ""), 0, 0},
		{example{"too little left", quota("x", "requests.cpu: 4", "requests.cpu: 2"), []string{"fail ResourceQuota x/q: allows 4 of requests.cpu, and with the installation 5 are used"}}, web(3, "1", ""), 0, 0},
		{example{"limits are required", quota("x", "limits.cpu: 4", ""), []string{"fail Deployment x/web: its pods are refused: ResourceQuota x/q: must specify limits.cpu"}}, web(3, "1", ""), 0, 0},
		{example{"storage", quota("x", "requests.storage: 15Gi, pods: 10", ""), []string{"fail ResourceQuota x/q: allows 15Gi of requests.storage, and with the installation 20Gi are used"}}, claims, 0, 0},
	})
}

func TestCapacityOfInstallation(t *testing.T) {
	const running = `{apiVersion: v1, kind: Pod, metadata: {name: web-h-1, namespace: x, uid: r, labels: {app: web, pod-template-hash: h}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-h, uid: s, controller: true}]}, spec: {nodeName: a, containers: [{name: c, resources: {requests: {cpu: "2"}}}]}, status: {phase: Running}}
---
`
	testInstallation(t, capacity, []installed{
		{example{"fits, with a zone gone", three, nil}, web(3, "2", ""), 3, 3},
		{example{"fits, but not with a zone gone", three, []string{"fail zone za: when it fails, 1 pod cannot be placed on the other nodes, such as x/web-", "fail zone zb", "fail zone zc"}}, web(3, "3", ""), 3, 3},
		{example{"does not fit", three, []string{"fail 1 pod of the installation cannot be placed beside the running pods, such as x/web-", "fail zone za", "fail zone zb", "fail zone zc"}}, web(4, "3", ""), 3, 3},
		{example{"is installed already", three + running, nil}, web(4, "3", ""), 3, 3},
	})
}
