package survival

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// sized is a Deployment of one pod that asks for so many processors, and takes so many seconds to stop.
func sized(name, cpu string, grace int) string {
	text := strings.Replace(make3("Deployment", name, "", fmt.Sprint("terminationGracePeriodSeconds: ", grace)), "replicas: 3", "replicas: 1", 1)
	return strings.Replace(text, "image: i", "image: i, resources: {requests: {cpu: "+cpu+"}}", 1)
}

// TestPreempt: what happens when the first workload, which counts more than the others, grows.
func TestPreempt(t *testing.T) {
	for name, c := range map[string]struct {
		nodes string
		text  string
		to    int
		after []int // how many pods of each workload run then
		last  time.Duration
	}{
		// The pod that is made for the first to go would fit into what is free while the second still goes.
		"nobody takes the room before it is enough": {
			"{name: n, count: 1, capacity: {cpu: 4}}, {name: m, count: 1, capacity: {cpu: 4}}",
			sized("a", "4", 0) + sized("b", "1", 5) + sized("c", "2", 60), 2, []int{2, 0, 0}, 61 * time.Second,
		},
		"each makes room for itself": {
			"{name: n, count: 3, capacity: {cpu: 2}}",
			sized("a", "1500m", 0) + sized("b", "1500m", 7) + sized("c", "1500m", 7), 3, []int{3, 0, 0}, 8 * time.Second,
		},
		"what is left is for the others": {
			"{name: n, count: 3, capacity: {cpu: 2}}",
			sized("a", "1500m", 0) + sized("b", "1500m", 7) + sized("c", "500m", 7), 3, []int{3, 0, 1}, 8 * time.Second,
		},
	} {
		nodes, err := cluster.Parse("c.yaml", []byte("nodes: ["+c.nodes+"]"))
		if err != nil {
			t.Fatal(err)
		}
		s := system(t, c.text)
		s.Workloads[0].Template.Spec.Priority, s.Workloads[0].Max = ptr.To(int32(10)), c.to
		w, err := newWorld(t.Context(), nodes, s)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.populate(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.touch(w.controllers[0])
		w.controllers[0].want = c.to
		if err := w.run(t.Context(), never); err != nil {
			t.Fatal(err)
		}
		for i, want := range c.after {
			if got := w.controllers[i].ready; got != want {
				t.Errorf("%s: %d pods of %s run, not %d: %+v", name, got, s.Workloads[i], want, w.told())
			}
		}
		if w.now != c.last {
			t.Errorf("%s: it rests after %s, not %s", name, w.now, c.last)
		}
	}
}

// TestNobodyWaitsInVain: at rest, and when a node is lost, no pod waits that could be placed, or make room.
func TestNobodyWaitsInVain(t *testing.T) {
	waited, made := 0, 0
	for seed := range uint64(seeds) {
		c, s := random(t, seed)
		for i, w := range s.Workloads {
			w.Template.Spec.Priority = ptr.To(int32(seed+uint64(i)) % 3)
		}
		w, err := newWorld(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.populate(t.Context()); err != nil {
			t.Fatal(err)
		}
		check := func() {
			for _, p := range w.waiting {
				waited++
				if node, err := w.scheduler.Place(t.Context(), p.object, w.disks.on(p)...); err == nil {
					t.Errorf("seed %d: pod %s waits, and fits on %s", seed, p.key(), node)
				}
				node, victims, err := w.scheduler.Preempt(t.Context(), p.object, w.allowances, w.disks.on(p)...)
				stay := slices.ContainsFunc(victims, func(v *corev1.Pod) bool { return v.DeletionTimestamp == nil })
				if err != nil || stay && p.preempts < often {
					t.Errorf("seed %d: pod %s waits, and %d others would make room on %s (%v)", seed, p.key(), len(victims), node, err)
				}
			}
			for _, c := range w.controllers {
				for _, p := range c.pods {
					made += p.preempts
				}
			}
		}
		check()
		for _, n := range w.nodes {
			if err := w.play(func() error {
				defer check()
				if err := w.lose([]*node{n}); err != nil {
					return err
				}
				return w.run(t.Context(), never)
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if waited < 100 || made < 100 {
		t.Errorf("%d pods waited, and room was made %d times: the systems show too little", waited, made)
	}
}
