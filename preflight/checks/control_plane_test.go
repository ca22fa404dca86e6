package checks

import (
	"fmt"
	"testing"
)

func lease(name, renewed string) string {
	return fmt.Sprintf(`{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: %s, namespace: kube-system, labels: {apiserver.kubernetes.io/identity: kube-apiserver}}, spec: {leaseDurationSeconds: 3600, renewTime: "2026-01-01T%s.000000Z"}}
---
`, name, renewed)
}

func TestAPIServers(t *testing.T) {
	endpoints := func(addresses string) string {
		return `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}, endpoints: [{addresses: ` + addresses + `}]}
---
`
	}
	test(t, apiServers, []example{
		{"two Leases", lease("a", "10:00:00") + lease("b", "10:00:05"), nil},
		{"two Leases behind one address", lease("a", "10:00:00") + lease("b", "10:00:05") + endpoints(`["10.0.0.1"]`), nil},
		{"an expired Lease does not count", lease("a", "10:00:00") + lease("b", "12:00:00"), []string{"warn one API server"}},
		{"one address without Leases", endpoints(`["10.0.0.1"]`), []string{"unknown the Service kubernetes has one endpoint"}},
		{"nothing", three, []string{"unknown no API server has a Lease or an endpoint"}},
	})
}

func TestEtcdMembers(t *testing.T) {
	member := func(node, ready string) string {
		return fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: etcd-%[1]s, namespace: kube-system, labels: {component: etcd}}, spec: {nodeName: %[1]s}, status: {phase: Running, conditions: [{type: Ready, status: %[2]q}]}}
---
`, node, ready)
	}
	const second = `{apiVersion: v1, kind: Node, metadata: {name: a2, labels: {topology.kubernetes.io/zone: za}}}
---
`
	test(t, etcdMembers, []example{
		{"fine", three + member("a", "True") + member("b", "True") + member("c", "True"), nil},
		{"managed", three, []string{"unknown no etcd member runs as a pod"}},
		{"one", three + member("a", "True"), []string{"warn one etcd member"}},
		{"two", three + member("a", "True") + member("b", "True"), []string{"warn 2 etcd members tolerate no more failures than 1", "warn 1 of 2 etcd members are in zone za", "warn 1 of 2 etcd members are in zone zb"}},
		{"two in a zone", three + second + member("a", "True") + member("a2", "True") + member("b", "True"), []string{"warn 2 of 3 etcd members are in zone za"}},
		{"not Ready", three + member("a", "True") + member("b", "False") + member("c", "True"), []string{"fail 2 of 3 etcd members are Ready"}},
	})
}

func TestVersionSkew(t *testing.T) {
	node := func(version string) string {
		return "{apiVersion: v1, kind: Node, metadata: {name: one}, status: {nodeInfo: {kubeletVersion: " + version + "}}}\n---\n"
	}
	proxy := func(image string) string {
		return "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: kube-system, labels: {k8s-app: kube-proxy}}, spec: {containers: [{image: '" + image + "'}]}}\n---\n"
	}
	test(t, versionSkew, []example{
		{"same", node("v1.36.3"), nil},
		{"of a provider", node("v1.35.2-gke.100"), nil},
		{"newer", node("v1.37.0"), []string{"fail Node one: kubelet v1.37.0 is newer than the API server 1.36.3"}},
		{"oldest", node("v1.33.0"), []string{"warn Node one: kubelet v1.33.0 is 3 minor versions older"}},
		{"too old", node("v1.32.9"), []string{"fail Node one: kubelet v1.32.9 is more than 3 minor versions older"}},
		{"unknown", node(`""`), []string{`unknown Node one: the version of its kubelet is ""`}},
		{"kube-proxy", node("v1.36.3") + proxy("registry.example.org:5000/kube-proxy:v1.37.0@sha256:abc"), []string{"fail Pod kube-system/p: kube-proxy v1.37.0 is newer"}},
		{"kube-proxy without a version", node("v1.36.3") + proxy("registry.example.org:5000/kube-proxy"), nil},
	})
}
