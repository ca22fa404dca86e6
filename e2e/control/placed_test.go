package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testPlaced: every pod has a node, and every single failure that the profile survives leaves enough pods of each replicated workload: a majority
// of a StatefulSet, whose pods are quorum members in these stacks, and one pod of any other workload.
func (r *release) testPlaced(t *testing.T, p profile) {
	ctx := t.Context()
	pods, err := r.pods(ctx)
	if err != nil {
		t.Fatal(err)
	}
	workloads, err := r.workloads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found, err := kube.Kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: ownNodes(r.namespace)})
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]corev1.Node{}
	for _, n := range found.Items {
		nodes[n.Name] = n
	}
	var lines []string
	for _, w := range workloads {
		own := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool {
			of := workloadOf(t, workloads, p)
			return of == nil || of.name != w.name || of.kind != w.kind
		})
		if len(own) != int(w.replicas) || len(own) == 0 {
			t.Errorf("%s %s: got %d pods, want %d", w.kind, w.name, len(own), w.replicas)
		}
		for _, pod := range own {
			if _, ok := nodes[pod.Spec.NodeName]; !ok {
				t.Errorf("pod %s is on node %q, which is not one of this release", pod.Name, pod.Spec.NodeName)
			}
		}
		if len(own) < 2 || w.kind == "DaemonSet" {
			continue
		}
		line := fmt.Sprintf("%s %s:", w.kind, w.name)
		for _, failure := range p.Survives {
			domains := map[string]int{}
			for _, pod := range own {
				domains[nodes[pod.Spec.NodeName].Labels[failure.Label]]++
			}
			counts := slices.Sorted(maps.Values(domains))
			left, need := len(own)-counts[len(counts)-1], 1
			if w.kind == "StatefulSet" {
				need = len(own)/2 + 1
			}
			if left < need {
				t.Errorf("%s %s: the failure of a %s may leave %d of %d pods, want at least %d", w.kind, w.name, failure.Name, left, len(own), need)
			}
			line += fmt.Sprintf(" by %s %s, %d left of %d needed;", failure.Name, strings.Trim(fmt.Sprint(counts), "[]"), left, need)
		}
		lines = append(lines, line)
	}
	t.Logf("%d pods of %d workloads on %d nodes\n%s", len(pods), len(workloads), len(nodes), strings.Join(lines, "\n"))
}
