package checks

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// mostSkew is how many minor versions a kubelet or kube-proxy may be older than the API server, since 1.28
// (kubernetes.io/releases/version-skew-policy).
const mostSkew = 3

// versionSkew finds kubelets and kube-proxies whose version the API server does not support.
var versionSkew = Check{
	ID: "version-skew", Title: "kubelets and kube-proxy have versions that the API server supports", Reads: []snapshot.Resource{snapshot.Nodes, snapshot.Pods},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		server, err := version.ParseGeneric(s.Version)
		if err != nil {
			return "", []Finding{{Status: Unknown, Message: fmt.Sprintf("the version of the API server is %q: it has no minor version", s.Version), Fix: "check kubectl version"}}
		}
		var findings []Finding
		versions := map[string]bool{}
		for _, n := range s.Nodes {
			kubelet := n.Status.NodeInfo.KubeletVersion
			versions[kubelet] = true
			findings = append(findings, skew(server, "Node "+n.Name, "kubelet", kubelet)...)
		}
		for _, p := range s.Pods {
			if p.Namespace != metav1.NamespaceSystem || p.Labels["k8s-app"] != "kube-proxy" || isDone(p) {
				continue
			}
			if tag, ok := imageTag(p); ok {
				findings = append(findings, skew(server, "Pod "+p.Namespace+"/"+p.Name, "kube-proxy", tag)...)
			}
		}
		return fmt.Sprintf("API server %s, kubelets %s", s.Version, some(sortedKeys(versions))), findings
	},
}

// skew compares the minor versions of the API server and of a component.
func skew(server *version.Version, object, component, text string) []Finding {
	v, err := version.ParseGeneric(text)
	switch {
	case err != nil:
		return []Finding{{Unknown, object, fmt.Sprintf("the version of its %s is %q", component, text), "check that the node has joined the cluster"}}
	case v.Major() != server.Major() || v.Minor() > server.Minor():
		return []Finding{{Fail, object, fmt.Sprintf("%s %s is newer than the API server %s: not supported", component, text, server), "upgrade the control plane first"}}
	case v.Minor()+mostSkew < server.Minor():
		return []Finding{{Fail, object, fmt.Sprintf("%s %s is more than %d minor versions older than the API server %s: not supported", component, text, mostSkew, server), "upgrade the node"}}
	case v.Minor()+mostSkew == server.Minor():
		return []Finding{{Warn, object, fmt.Sprintf("%s %s is %d minor versions older than the API server %s: the control plane cannot be upgraded", component, text, mostSkew, server), "upgrade the node"}}
	}
	return nil
}

// imageTag returns the tag of the first container's image if it is a version.
func imageTag(p *corev1.Pod) (string, bool) {
	if len(p.Spec.Containers) == 0 {
		return "", false
	}
	image, _, _ := strings.Cut(p.Spec.Containers[0].Image, "@")
	tag := image[strings.LastIndex(image, ":")+1:]
	_, err := version.ParseGeneric(tag)
	return tag, err == nil && strings.HasPrefix(tag, "v")
}
