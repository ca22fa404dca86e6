package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Lose takes the power of a node: nobody sends its heartbeat any more, and nobody runs or stops its pods. kwok does so for nodes of
// which it holds the lease; here another takes it, and never renews it. It does not come back.
func (c *Cluster) Lose(ctx context.Context, node string) error {
	now := metav1.NewMicroTime(time.Now()).UTC().Format(metav1.RFC3339Micro)
	patch := fmt.Sprintf(`{"spec": {"holderIdentity": "nobody", "leaseDurationSeconds": 86400, "renewTime": %q}}`, now)
	_, err := c.Kube.CoordinationV1().Leases(corev1.NamespaceNodeLease).Patch(ctx, node, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("taking the power of node %s: %w", node, err)
	}
	return nil
}
