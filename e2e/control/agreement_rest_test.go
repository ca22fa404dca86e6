package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// quiet is for how long nothing must happen until it is taken for the end, and how often the pulse must have beaten meanwhile.
type quiet struct {
	time  time.Duration
	beats int64
}

// How long it is where the end is what verify says; where that is a drain which does not come to its end, for kubectl asks for an
// eviction again every 5 s; and where the end is something else.
var (
	expected = quiet{5 * time.Second, 2}
	refused  = quiet{12 * time.Second, 3}
	surprise = quiet{30 * time.Second, 6}
)

// patience is how long something may take, on a machine with much else to do: a wait ends when it is there.
const patience = 10 * time.Minute

// notYet is told of pods as long as what happened to them has not come so far that it could be at its end.
const notYet = "not yet"

// settle waits until nothing happens any more, and returns what is told of the pods then. That is at once where it is what verify
// says and every pod that there should be is ready.
func (r *trial) settle(verify string, tell func([]corev1.Pod) string) string {
	r.t.Helper()
	hangs := strings.HasPrefix(verify, notEnds)
	begun := time.Now()
	since, beats, last := begun, r.pulse.beats.Load(), ""
	for {
		pods := r.pods()
		told := tell(pods)
		if now := told + fingerprint(pods); now != last {
			since, beats, last = time.Now(), r.pulse.beats.Load(), now
		}
		enough := surprise
		switch {
		case told == verify && hangs:
			enough = refused
		case told == verify && r.complete(pods):
			enough = quiet{}
		case told == verify:
			enough = expected
		}
		if told != notYet && time.Since(since) >= enough.time && r.pulse.beats.Load() >= beats+enough.beats && !r.miscounted() {
			return told
		}
		if time.Since(begun) > patience {
			r.t.Fatalf("after %s something still happens, or nothing at all:\n%s%s", patience, told, fingerprint(pods))
		}
		if !pause(r.t.Context()) {
			r.t.Fatal(r.t.Context().Err())
		}
	}
}

// complete tells whether each workload has all of its pods, and they are ready. What is on a lost node does not count.
func (r *trial) complete(pods []corev1.Pod) bool {
	there := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return p.DeletionTimestamp != nil && r.lost[p.Spec.NodeName] })
	if slices.ContainsFunc(there, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil || !isReady(p) }) {
		return false
	}
	for _, w := range r.Workloads {
		if len(w.Own(there)) != w.Replicas {
			return false
		}
	}
	return true
}

// miscounted tells whether a budget counts a pod as away that is back: it may do so for two minutes after an eviction
// (DeletionTimeout in pkg/controller/disruption/disruption.go) where the controller was too busy to see the pod go.
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

// rest waits until every pod runs, or was found to fit on no node.
func (r *trial) rest() {
	r.t.Helper()
	r.settle("", func(pods []corev1.Pod) string {
		for _, p := range pods {
			rests := p.Spec.NodeName != "" && isReady(p) || p.Spec.NodeName == "" && isRefused(p)
			if p.DeletionTimestamp != nil || !rests {
				return notYet
			}
		}
		return ""
	})
}

func (r *trial) pods() []corev1.Pod {
	r.t.Helper()
	found, err := kube.Kube.CoreV1().Pods(r.Name).List(r.t.Context(), metav1.ListOptions{})
	r.must(err)
	return found.Items
}

// fingerprint changes with everything that happens to pods.
func fingerprint(pods []corev1.Pod) string {
	var all strings.Builder
	for _, p := range pods {
		fmt.Fprintf(&all, "\n%s %s %s %v %v", p.Name, p.UID, p.Spec.NodeName, p.DeletionTimestamp != nil, isReady(p))
	}
	return all.String()
}
