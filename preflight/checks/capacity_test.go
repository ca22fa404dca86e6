package checks

import (
	"fmt"
	"testing"
)

func TestCapacity(t *testing.T) {
	pod := func(name, node, cpu, more string) string {
		return fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: %[1]s, namespace: x, uid: %[1]s, labels: {app: web, pod-template-hash: h}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-h, uid: r, controller: true}]}, spec: {nodeName: %[2]s, %[4]s containers: [{name: c, image: i, resources: {requests: {cpu: %[3]q}}}]}, status: {phase: Running}}
---
`, name, node, cpu, more)
	}
	deployment := func(surge, unavailable string) string {
		return fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: x}, spec: {replicas: 3, selector: {matchLabels: {app: web}}, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: %s, maxUnavailable: %s}}}}
---
`, surge, unavailable)
	}
	const daemon = `{apiVersion: v1, kind: Pod, metadata: {name: d, namespace: x, uid: d, ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: d, uid: s, controller: true}]}, spec: {nodeName: a, containers: [{name: c, resources: {requests: {cpu: "4"}}}]}}
---
`
	const volume = `{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [za]}]}]}}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: x}, spec: {volumeName: v}}
---
`
	low, high := "priority: 0,", "priority: 1000,"
	test(t, capacity, []example{
		{"empty", three, nil},
		{"fits", three + pod("p1", "a", "2", "") + pod("p2", "b", "2", "") + pod("p3", "c", "2", ""), nil},
		{"does not fit", three + pod("p1", "a", "3", "") + pod("p2", "b", "3", "") + pod("p3", "c", "3", ""), []string{
			"fail zone za: when it fails, 1 pod cannot be placed on the other nodes, such as x/p1 (2 Insufficient cpu)", "fail zone zb: when it fails", "fail zone zc: when it fails"}},
		{"no capacity for a rollout", three + deployment("1", "0") + pod("p1", "a", "2", "") + pod("p2", "b", "2", "") + pod("p3", "c", "4", ""), []string{
			"warn zone za: when it fails, no capacity is left for the additional pods of a rollout of x/web (2 Insufficient cpu)",
			"warn zone zb: when it fails, no capacity", "fail zone zc: when it fails, 1 pod cannot be placed"}},
		{"a rollout that may have fewer pods", three + deployment("1", "1") + pod("p1", "a", "2", "") + pod("p2", "b", "2", ""), nil},
		{"pods of DaemonSets are not moved", three + daemon, nil},
		{"a volume of the lost zone is no lack of resources", three + volume + pod("p1", "a", "1", "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}],"), nil},
		{"a more important pod takes the place of another", three + pod("p1", "a", "4", high) + pod("p2", "b", "4", low) + pod("p3", "c", "1", high), []string{
			"fail zone za: when it fails, 1 pod cannot be placed on the other nodes, such as x/p2", "fail zone zb: when it fails, 1 pod", "fail zone zc: when it fails, 1 pod cannot be placed on the other nodes, such as x/p2"}},
		{"Pending", three + pod("p1", `""`, "1", ""), []string{"warn 1 pod without a node now, such as x/p1"}},
		{"one node", `{apiVersion: v1, kind: Node, metadata: {name: a}}`, []string{"warn one node"}},
	})
}
