package control

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// pulse counts how often the control plane has replaced the pod of a Deployment: a state is final only if controllers, scheduler and nodes had the
// time to change it.
type pulse struct{ beats atomic.Int64 }

// startPulse creates a Deployment on its own node, and replaces its pod until the test ends.
func startPulse(t *testing.T) *pulse {
	t.Helper()
	name := "pulse-" + strings.ToLower(t.Name())
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	must(kube.Namespace(ctx, name))
	must(kube.AddNodes(ctx, name, []cluster.Node{{Name: name, Zone: name}}))
	own := map[string]string{"app": name}
	_, err := kube.Kube.AppsV1().Deployments(name).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: own},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: own}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "example.com/c"}}}},
		},
	}, metav1.CreateOptions{})
	must(err)
	p := &pulse{}
	go func() {
		for pause(ctx) {
			p.beat(ctx, name)
		}
	}()
	return p
}

// beat replaces the pod once. It does not count while the API server does not answer.
func (p *pulse) beat(ctx context.Context, name string) {
	patch := []byte(fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"beat":"%d"}}}}}`, p.beats.Load()))
	d, err := kube.Kube.AppsV1().Deployments(name).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	for err == nil && pause(ctx) {
		if s := d.Status; s.ObservedGeneration == d.Generation && s.UpdatedReplicas == 1 && s.AvailableReplicas == 1 && s.Replicas == 1 {
			p.beats.Add(1)
			return
		}
		d, err = kube.Kube.AppsV1().Deployments(name).Get(ctx, name, metav1.GetOptions{})
	}
}

// pause waits before the next poll, and returns false if the context has ended.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(500 * time.Millisecond):
		return true
	}
}
