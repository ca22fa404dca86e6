package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/control/play"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testUninstall: helm uninstall ends, for its hook has let the custom resources go before the controller goes. What stays
// are the claims, and with them the bus of mode native, which would take its claims along.
func (r *release) testUninstall(t *testing.T, of system, before snapshot) {
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan error, 1)
	if r.controller != nil {
		go func() { played <- r.playHook(ctx) }()
	} else {
		played <- nil
	}
	_, err := r.run("uninstall", cases.Release)
	cancel()
	if hook := <-played; err != nil || hook != nil {
		t.Fatalf("helm uninstall: %v; its hook: %v", err, hook)
	}
	if r.controller != nil {
		// Its Deployment has gone.
		if err := r.controller.Kill(); err != nil {
			t.Error(err)
		}
		r.controller = nil
	}
	stays := func(name string) bool {
		kind, _, _ := strings.Cut(name, " ")
		return kind == "PersistentVolumeClaim" || of.name == "native" && (kind == "EventBus" || kind == "StatefulSet")
	}
	goes := []string{"DaemonSet", "Deployment", "StatefulSet", "EventBus", "EventSource", "Sensor"}
	var after snapshot
	err = r.eventually(func() (err error) {
		if after, err = r.snapshot(t.Context()); err != nil {
			return err
		}
		for name := range after {
			if kind, _, _ := strings.Cut(name, " "); slices.Contains(goes, kind) && !stays(name) {
				return fmt.Errorf("after helm uninstall there is still %s", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for name, o := range before {
		now := after[name]
		if stays(name) && now.GetUID() != o.GetUID() {
			t.Errorf("helm uninstall took %s", name)
		}
	}
}

// playHook runs the pod of the uninstall hook, as its service account, and tells the cluster how it ended.
func (r *release) playHook(ctx context.Context) error {
	label := metav1.ListOptions{LabelSelector: cluster.PlayedLabel + "=" + cluster.PlayedValue}
	for {
		found, err := kube.Kube.CoreV1().Pods(r.namespace).List(ctx, label)
		if ctx.Err() != nil {
			return errors.New("there was no pod")
		}
		if err != nil {
			return err
		}
		if len(found.Items) == 1 && found.Items[0].Spec.NodeName != "" {
			return r.playPod(ctx, &found.Items[0])
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (r *release) playPod(ctx context.Context, pod *corev1.Pod) error {
	failed := r.runPod(ctx, pod.Spec)
	pod.Status.Phase = corev1.PodSucceeded
	if failed != nil {
		pod.Status.Phase = corev1.PodFailed
	}
	_, err := kube.Kube.CoreV1().Pods(r.namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return errors.Join(failed, err)
}

func (r *release) runPod(ctx context.Context, pod corev1.PodSpec) error {
	container, err := play.Prepare(ctx, kube, r.namespace, pod)
	if err != nil {
		return err
	}
	running, err := container.Start(ctx, "uninstall-"+r.namespace, "kubectl")
	if err != nil {
		return err
	}
	return running.Wait()
}
