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
	"github.com/holdfast-ha/holdfast/e2e/control/local"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testUninstall: helm uninstall ends, because its hook deletes the custom resources before the controller. Only claims remain, and the bus of mode
// native, whose deletion would delete its claims.
func (r *release) testUninstall(t *testing.T, of system, before snapshot) {
	ctx, cancel := context.WithCancel(t.Context())
	hookErr := make(chan error, 1)
	if r.controller != nil {
		go func() { hookErr <- r.runHook(ctx) }()
	} else {
		hookErr <- nil
	}
	_, err := r.run("uninstall", cases.Release)
	cancel()
	if hook := <-hookErr; err != nil || hook != nil {
		t.Fatalf("helm uninstall: %v; its hook: %v", err, hook)
	}
	if r.controller != nil {
		// Its Deployment is deleted.
		if err := r.controller.Kill(); err != nil {
			t.Error(err)
		}
		r.controller = nil
	}
	remains := func(name string) bool {
		kind, _, _ := strings.Cut(name, " ")
		return kind == "PersistentVolumeClaim" || of.name == "native" && (kind == "EventBus" || kind == "StatefulSet")
	}
	deleted := []string{"DaemonSet", "Deployment", "StatefulSet", "EventBus", "EventSource", "Sensor"}
	var after snapshot
	err = r.eventually(func() (err error) {
		if after, err = r.snapshot(t.Context()); err != nil {
			return err
		}
		for name := range after {
			if kind, _, _ := strings.Cut(name, " "); slices.Contains(deleted, kind) && !remains(name) {
				return fmt.Errorf("helm uninstall has not deleted %s", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for name, o := range before {
		now := after[name]
		if remains(name) && now.GetUID() != o.GetUID() {
			t.Errorf("helm uninstall has deleted %s", name)
		}
	}
}

// runHook runs the pod of the uninstall hook as a process with its service account, and sets the status of the pod.
func (r *release) runHook(ctx context.Context) error {
	label := metav1.ListOptions{LabelSelector: cluster.ProcessLabel + "=" + cluster.ProcessValue}
	for {
		found, err := kube.Kube.CoreV1().Pods(r.namespace).List(ctx, label)
		if ctx.Err() != nil {
			return errors.New("the hook has created no pod")
		}
		if err != nil {
			return err
		}
		if len(found.Items) == 1 && found.Items[0].Spec.NodeName != "" {
			return r.runPod(ctx, &found.Items[0])
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (r *release) runPod(ctx context.Context, pod *corev1.Pod) error {
	failed := r.runContainer(ctx, pod.Spec)
	pod.Status.Phase = corev1.PodSucceeded
	if failed != nil {
		pod.Status.Phase = corev1.PodFailed
	}
	_, err := kube.Kube.CoreV1().Pods(r.namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return errors.Join(failed, err)
}

func (r *release) runContainer(ctx context.Context, pod corev1.PodSpec) error {
	container, err := local.Prepare(ctx, kube, r.namespace, pod)
	if err != nil {
		return err
	}
	running, err := container.Start(ctx, "uninstall-"+r.namespace, "kubectl")
	if err != nil {
		return err
	}
	return running.Wait()
}
