package checks

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// large returns a cluster of nodes in three zones, each with some pods of Deployments.
func large(nodes, podsPerNode int) *snapshot.Snapshot {
	s := &snapshot.Snapshot{Version: "v1.36.3"}
	yes := true
	for i := range nodes {
		name := fmt.Sprintf("node-%03d", i)
		size := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("16"), corev1.ResourceMemory: resource.MustParse("64Gi"), corev1.ResourcePods: resource.MustParse("110")}
		s.Nodes = append(s.Nodes, &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name, corev1.LabelTopologyZone: fmt.Sprintf("zone-%d", i%3)}},
			Status:     corev1.NodeStatus{Allocatable: size, Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		})
		for j := range podsPerNode {
			app := fmt.Sprintf("app-%d", (i*podsPerNode+j)%500)
			s.Pods = append(s.Pods, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Name: fmt.Sprintf("%s-h-%d-%d", app, i, j), Namespace: "x", UID: types.UID(fmt.Sprint(i, "-", j)), Labels: map[string]string{"app": app, "pod-template-hash": "h"},
					OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-h", Controller: &yes}},
				},
				Spec: corev1.PodSpec{NodeName: name, Containers: []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceCPU: *resource.NewMilliQuantity(int64(100+(i*7+j*13)%200), resource.DecimalSI), corev1.ResourceMemory: resource.MustParse("256Mi"),
				}}}}},
				Status: corev1.PodStatus{Phase: corev1.PodRunning},
			})
		}
	}
	return s
}

// TestLarge: a cluster of 200 nodes with 6000 pods is checked in a time that a person waits for. The limit is far above the usual time.
func TestLarge(t *testing.T) {
	s := large(200, 30)
	for _, c := range For(false) {
		start := time.Now()
		summary, findings := c.Run(s)
		took := time.Since(start)
		t.Logf("%s: %s, %d findings, %s", c.ID, summary, len(findings), took.Round(time.Millisecond))
		if took > 3*time.Minute {
			t.Errorf("%s took %s", c.ID, took)
		}
	}
}
