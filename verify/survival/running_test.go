package survival

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// runs are pods of a workload "KIND NAME" that run, "POD NODE" each.
func runs(of string, pods ...string) string {
	kind, name, _ := strings.Cut(of, " ")
	var all strings.Builder
	for _, p := range pods {
		pod, node, _ := strings.Cut(p, " ")
		all.WriteString(strings.NewReplacer("POD", pod, "NODE", node, "KIND", kind, "NAME", name).Replace(`
---
{apiVersion: v1, kind: Pod, metadata: {name: POD, ownerReferences: [{apiVersion: apps/v1, kind: KIND, name: NAME, controller: true}]}, spec: {nodeName: NODE, containers: [{name: c, image: i}]}}
`))
	}
	return all.String()
}

// TestRunning: a play begins where pods are, and what is missing is placed.
func TestRunning(t *testing.T) {
	deployment, set, replicas := make3("Deployment", "a", "", ""), make3("StatefulSet", "a", "", ""), make3("ReplicaSet", "a", "", "")
	const local = "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]"
	for name, c := range map[string]struct {
		text string
		want string // the pods at rest, with * for those that run
		lost int    // how many run at least when node-1 is lost
	}{
		"nothing runs":                             {deployment, "a-1-0 node-1, a-1-1 node-2, a-1-2 node-3", 2},
		"all are together":                         {replicas + runs("ReplicaSet a", "p node-1", "q node-1", "r node-1"), "p node-1*, q node-1*, r node-1*", 0},
		"one is missing":                           {replicas + runs("ReplicaSet a", "p node-1", "q node-1"), "p node-1*, q node-1*, a-1-2 node-2", 1},
		"one is too many":                          {replicas + runs("ReplicaSet a", "o node-2", "p node-2", "q node-2", "r node-1"), "o node-2*, p node-2*, q node-2*", 3},
		"one is on a node that is away":            {replicas + runs("ReplicaSet a", "p node-1", "q node-9", "r node-1"), "p node-1*, r node-1*, a-1-2 node-2", 1},
		"members of a set have names":              {set + runs("StatefulSet a", "a-1 node-1", "a-2 node-1"), "a-0 node-2, a-1 node-1*, a-2 node-1*", 1},
		"those that should not be are not":         {set + runs("StatefulSet a", "a-3 node-1", "a-0 node-3"), "a-0 node-3*, a-1 node-1, a-2 node-2", 2},
		"a disk is where its pod is":               {make3("StatefulSet", "a", local, "") + runs("StatefulSet a", "a-0 node-1", "a-1 node-1", "a-2 node-1"), "a-0 node-1*, a-1 node-1*, a-2 node-1*", 0},
		"a daemon is that of its node":             {daemon("", "") + runs("DaemonSet a", "q node-2", "r node-2"), "a-1-0 node-1, q node-2*, a-1-2 node-3", 2},
		"it may stay where it would not be placed": {strings.Replace(replicas, "containers", "nodeSelector: {kubernetes.io/hostname: node-2}\n      containers", 1) + runs("ReplicaSet a", "p node-1"), "p node-1*, a-1-1 node-2, a-1-2 node-2", 2},
	} {
		t.Run(name, func(t *testing.T) {
			nodes, err := cluster.Uniform(3, 3)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Simulate(t.Context(), nodes, system(t, c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range r.SteadyState {
				mark := ""
				if p.Running {
					mark = "*"
				}
				got = append(got, fmt.Sprintf("%s %s%s", p.Pod, p.Node, mark))
			}
			want := strings.Split(c.want, ", ")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			if o := scenario(t, r, LoseNode, "node-1").Outcomes[0]; o.Least != c.lost {
				t.Errorf("%d run when node-1 is lost, want %d", o.Least, c.lost)
			}
		})
	}
}

// TestRollBeginsWherePodsRun: pods that run are replaced as others are, by the constraints that they have.
func TestRollBeginsWherePodsRun(t *testing.T) {
	nodes, err := cluster.Uniform(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	text := make3("Deployment", "a", "", apartHosts)
	for _, p := range []string{"p node-1", "q node-2", "r node-3"} {
		text += strings.Replace(runs("ReplicaSet a-7d8f", p), "ownerReferences", "labels: {pod-template-hash: 7d8f}, ownerReferences", 1)
	}
	r, err := Simulate(t.Context(), nodes, system(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if s := scenario(t, r, Rollout, "Deployment a"); !strings.Contains(s.Blocked, "anti-affinity") {
		t.Errorf("a roll with no room for a pod more: %+v", s)
	}
	s := scenario(t, r, DrainNode, "node-1")
	if len(s.Changes) < 1 || s.Changes[0].Pod != "p" || s.Changes[0].From != "node-1" {
		t.Errorf("a drain: %+v", s.Changes)
	}
}
