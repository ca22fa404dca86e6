package checks

import "testing"

func TestNodesReady(t *testing.T) {
	test(t, nodesReady, []example{
		{"fine", three, nil},
		{"no nodes", "", []string{"fail the cluster has no nodes"}},
		{"never reported", `{apiVersion: v1, kind: Node, metadata: {name: a}}`, []string{"fail Node a: has no condition Ready"}},
		{"not Ready, with pressure", `{apiVersion: v1, kind: Node, metadata: {name: a}, status: {conditions: [{type: Ready, status: "False", reason: KubeletNotReady, message: no network}, {type: DiskPressure, status: "True"}, {type: MemoryPressure, status: "False"}]}}`,
			[]string{"fail Node a: is not Ready (no network)", "fail Node a: has the condition DiskPressure: the kubelet evicts pods, and no pod is scheduled there"}},
		{"unreachable", `{apiVersion: v1, kind: Node, metadata: {name: a}, status: {conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown}]}}`,
			[]string{"fail Node a: is not Ready (NodeStatusUnknown)"}},
	})
}

func TestNodesSchedulable(t *testing.T) {
	const cordoned = `
{apiVersion: v1, kind: Node, metadata: {name: d, labels: {topology.kubernetes.io/zone: za}}, spec: {unschedulable: true, taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]}, status: {conditions: [{type: Ready, status: "True"}]}}`
	test(t, nodesSchedulable, []example{
		{"fine", three, nil},
		{"cordoned", three + cordoned, []string{"warn Node d: is cordoned"}},
		{"all cordoned", cordoned, []string{"warn Node d: is cordoned", "fail no node is Ready and accepts pods without tolerations"}},
		{"a zone with a control plane only", three + `{apiVersion: v1, kind: Node, metadata: {name: m, labels: {topology.kubernetes.io/zone: zm}}, spec: {taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]}}`, nil},
		{"a tainted zone", three + `{apiVersion: v1, kind: Node, metadata: {name: gpu, labels: {topology.kubernetes.io/zone: zd}}, spec: {taints: [{key: gpu, value: "yes", effect: NoSchedule}]}}`,
			[]string{"warn zone zd: each node has a taint, such as gpu=yes:NoSchedule of Node gpu"}},
		{"a preference is no taint that keeps pods off", three + `{apiVersion: v1, kind: Node, metadata: {name: d, labels: {topology.kubernetes.io/zone: zd}}, spec: {taints: [{key: gpu, effect: PreferNoSchedule}]}}`, nil},
	})
}

func TestNodeNames(t *testing.T) {
	test(t, nodeNames, []example{
		{"fine", three, nil},
		{"missing", three + `{apiVersion: v1, kind: Node, metadata: {name: d}}`, []string{"fail Node d: has no label kubernetes.io/hostname"}},
		{"twice", three + `{apiVersion: v1, kind: Node, metadata: {name: d, labels: {kubernetes.io/hostname: a}}}`, []string{"fail Node d: has the label kubernetes.io/hostname=a of Node a"}},
	})
}

func TestNodeZones(t *testing.T) {
	node := func(name, zone string) string {
		return "{apiVersion: v1, kind: Node, metadata: {name: " + name + ", labels: {topology.kubernetes.io/zone: " + zone + "}}, status: {conditions: [{type: Ready, status: \"True\"}]}}\n---\n"
	}
	test(t, nodeZones, []example{
		{"three", three, nil},
		{"none", `{apiVersion: v1, kind: Node, metadata: {name: a}}`, []string{"warn no node has the label topology.kubernetes.io/zone"}},
		{"two", node("a", "x") + node("b", "w"), []string{"warn 2 zones with a Ready and schedulable node (w, x)"}},
		{"the third one is cordoned", node("a", "x") + node("b", "w") + `{apiVersion: v1, kind: Node, metadata: {name: c, labels: {topology.kubernetes.io/zone: z}}, spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: "True"}]}}`,
			[]string{"warn 2 zones"}},
		{"a node without a zone", three + `{apiVersion: v1, kind: Node, metadata: {name: d}}`, []string{"fail Node d: has no label topology.kubernetes.io/zone"}},
		{"the control plane needs none", three + `{apiVersion: v1, kind: Node, metadata: {name: m}, spec: {taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]}}`, nil},
	})
}
