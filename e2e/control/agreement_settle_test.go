package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// quiet is the time without a change after which the state counts as final, and the number of beats of the pulse in that time.
type quiet struct {
	time  time.Duration
	beats int64
}

// The quiet times for a state that verify predicts; for a predicted blocked drain, because kubectl retries an eviction every 5 s; and for an
// unexpected state.
var (
	expected = quiet{5 * time.Second, 2}
	refused  = quiet{12 * time.Second, 3}
	surprise = quiet{30 * time.Second, 6}
)

// patience limits waits: far longer than they take on a slow machine.
const patience = 10 * time.Minute

// notYet is the outcome while an event is still in progress.
const notYet = "not yet"

// settle waits until nothing changes any more, and returns the outcome. It returns at once if the outcome is the predicted one and every pod is
// ready.
func (r *trial) settle(verify string, outcome func([]corev1.Pod) string) string {
	r.t.Helper()
	blocked := strings.HasPrefix(verify, notEnds)
	begun := time.Now()
	since, beats, last, tried := begun, r.pulse.beats.Load(), "", expected.time
	for {
		if r.Refused && time.Since(begun) > tried {
			tried += expected.time
			r.retry()
		}
		pods := r.pods()
		current := outcome(pods)
		if now := current + fingerprint(pods); now != last {
			since, beats, last = time.Now(), r.pulse.beats.Load(), now
		}
		enough := surprise
		switch {
		case current == verify && blocked:
			enough = refused
		case current == verify && r.complete(pods):
			enough = quiet{}
		case current == verify:
			enough = expected
		}
		if current != notYet && r.final(pods) && time.Since(since) >= enough.time && r.pulse.beats.Load() >= beats+enough.beats && !r.miscounted() {
			return current
		}
		if time.Since(begun) > patience {
			r.t.Fatalf("no final state after %s:\n%s%s", patience, current, fingerprint(pods))
		}
		if !pause(r.t.Context()) {
			r.t.Fatal(r.t.Context().Err())
		}
	}
}

// retry makes the controllers of the workloads try again to create pods that the API server has refused.
func (r *trial) retry() {
	r.t.Helper()
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"holdfast.example/retry":"%d"}}}`, time.Now().UnixNano())
	for _, w := range r.Workloads {
		i := slices.IndexFunc(r.objects, func(o cases.Object) bool { return o.Kind() == w.Kind && o.Name() == w.Name })
		collection, err := resource(r.objects[i].APIVersion(), w.Kind, r.Name)
		r.must(err)
		if _, err := collection.Patch(r.t.Context(), w.Name, types.MergePatchType, patch, metav1.PatchOptions{}); !apierrors.IsNotFound(err) {
			r.must(err)
		}
	}
}

// complete reports whether each workload has all of its pods, and they are ready. Terminating pods on failed nodes do not count.
func (r *trial) complete(pods []corev1.Pod) bool {
	existing := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return p.DeletionTimestamp != nil && r.failed[p.Spec.NodeName] })
	if slices.ContainsFunc(existing, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil || !isReady(p) }) {
		return false
	}
	for _, w := range r.Workloads {
		if len(w.Own(existing)) != w.Replicas {
			return false
		}
	}
	return true
}

// miscounted reports whether a budget still counts an evicted pod as unavailable. It may do so for two minutes if the controller was too busy to
// observe the pod's deletion (DeletionTimeout in pkg/controller/disruption/disruption.go).
func (r *trial) miscounted() bool {
	r.t.Helper()
	found, err := kube.Kube.PolicyV1().PodDisruptionBudgets(r.Name).List(r.t.Context(), metav1.ListOptions{})
	r.must(err)
	for _, b := range found.Items {
		if len(b.Status.DisruptedPods) > 0 {
			return true
		}
	}
	return false
}

// steady waits for the steady state: every pod is ready, or the scheduler has found no node for it.
func (r *trial) steady() {
	r.t.Helper()
	r.settle("", func([]corev1.Pod) string { return "" })
}

// final reports whether every pod is ready, or stays as it is: the scheduler has found no node for it, or it is kept from becoming ready. Pods on
// failed nodes do not count.
func (r *trial) final(pods []corev1.Pod) bool {
	return !slices.ContainsFunc(pods, func(p corev1.Pod) bool {
		final := p.Spec.NodeName != "" && (isReady(p) || isUnready(p)) || p.Spec.NodeName == "" && isUnschedulable(p)
		return !r.failed[p.Spec.NodeName] && (p.DeletionTimestamp != nil || !final)
	})
}

// isUnready reports whether a pod runs and is kept from becoming ready.
func isUnready(p corev1.Pod) bool {
	which := p.Annotations[cluster.UnreadyAnnotation]
	return p.Status.Phase == corev1.PodRunning && (which == "all" || which != "" && which == p.Labels[appsv1.PodIndexLabel])
}

func (r *trial) pods() []corev1.Pod {
	r.t.Helper()
	found, err := kube.Kube.CoreV1().Pods(r.Name).List(r.t.Context(), metav1.ListOptions{})
	r.must(err)
	return found.Items
}

// fingerprint changes with every change of pods.
func fingerprint(pods []corev1.Pod) string {
	var all strings.Builder
	for _, p := range pods {
		fmt.Fprintf(&all, "\n%s %s %s %v %v", p.Name, p.UID, p.Spec.NodeName, p.DeletionTimestamp != nil, isReady(p))
	}
	return all.String()
}
