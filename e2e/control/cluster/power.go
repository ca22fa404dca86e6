package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// CutPower cuts the power of a node for good: its heartbeat ends, and its pods are neither started nor stopped.
//
// kwok sends heartbeats for nodes whose lease it holds. CutPower takes the lease and never renews it. Without a lease, kwok still ended some pods,
// so CutPower also annotates the pods.
func (c *Cluster) CutPower(ctx context.Context, node string) error {
	pods, err := c.Kube.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		return fmt.Errorf("cutting the power of node %s: %w", node, err)
	}
	lost := fmt.Appendf(nil, `{"metadata": {"annotations": {%q: "true"}}}`, lostAnnotation)
	for _, p := range pods.Items {
		if _, err := c.Kube.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.MergePatchType, lost, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("cutting the power of node %s: %w", node, err)
		}
	}
	now := metav1.NewMicroTime(time.Now()).UTC().Format(metav1.RFC3339Micro)
	patch := fmt.Appendf(nil, `{"spec": {"holderIdentity": "nobody", "leaseDurationSeconds": 86400, "renewTime": %q}}`, now)
	if _, err := c.Kube.CoordinationV1().Leases(corev1.NamespaceNodeLease).Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("cutting the power of node %s: %w", node, err)
	}
	return nil
}
