package survival

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// statuses are statuses of running pods.
var statuses = map[string]string{
	"":              `phase: Running, conditions: [{type: Ready, status: "True"}]`,
	"crash":         `phase: Running, conditions: [{type: Ready, status: "False"}], containerStatuses: [{name: c, state: {waiting: {reason: CrashLoopBackOff}}}]`,
	"pull":          `phase: Pending, conditions: [{type: Ready, status: "False"}], containerStatuses: [{name: c, state: {waiting: {reason: ImagePullBackOff}}}]`,
	"unschedulable": `phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable}]`,
}

// running returns running pods of an owner "KIND NAME"; each pod is "POD NODE" or "POD NODE STATUS".
func running(owner string, pods ...string) string {
	kind, name, _ := strings.Cut(owner, " ")
	var all strings.Builder
	for _, p := range pods {
		words := append(strings.Split(p, " "), "")
		all.WriteString(strings.NewReplacer("POD", words[0], "NODE", strings.Trim(words[1], "-"), "STATUS", statuses[words[2]], "KIND", kind, "NAME", name).Replace(`
---
{apiVersion: v1, kind: Pod, metadata: {name: POD, ownerReferences: [{apiVersion: apps/v1, kind: KIND, name: NAME, controller: true}]}, spec: {nodeName: NODE, containers: [{name: c, image: i}]}, status: {STATUS}}
`))
	}
	return all.String()
}

// TestRunning: running pods stay on their nodes, and missing pods are placed.
func TestRunning(t *testing.T) {
	deployment, set, replicas := simtest.Workload("Deployment", "a", "", ""), simtest.Workload("StatefulSet", "a", "", ""), simtest.Workload("ReplicaSet", "a", "", "")
	const template = "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]"
	for name, c := range map[string]struct {
		text  string
		want  string // the pods in the steady state, with * for running ones
		least int    // the fewest Ready pods when node-1 fails
	}{
		"no running pods":             {deployment, "a-1-0 node-1, a-1-1 node-2, a-1-2 node-3", 2},
		"all on one node":             {replicas + running("ReplicaSet a", "p node-1", "q node-1", "r node-1"), "p node-1*, q node-1*, r node-1*", 0},
		"one pod missing":             {replicas + running("ReplicaSet a", "p node-1", "q node-1"), "p node-1*, q node-1*, a-1-2 node-2", 1},
		"one pod too many":            {replicas + running("ReplicaSet a", "o node-2", "p node-2", "q node-2", "r node-1"), "o node-2*, p node-2*, q node-2*", 3},
		"unknown node":                {replicas + running("ReplicaSet a", "p node-1", "q node-9", "r node-1"), "p node-1*, r node-1*, a-1-2 node-2", 1},
		"StatefulSet by ordinal":      {set + running("StatefulSet a", "a-1 node-1", "a-2 node-1"), "a-0 node-2, a-1 node-1*, a-2 node-1*", 1},
		"ordinal above the replicas":  {set + running("StatefulSet a", "a-3 node-1", "a-0 node-3"), "a-0 node-3*, a-1 node-1, a-2 node-2", 2},
		"volume pinned by its pod":    {simtest.Workload("StatefulSet", "a", template, "") + running("StatefulSet a", "a-0 node-1", "a-1 node-1", "a-2 node-1"), "a-0 node-1*, a-1 node-1*, a-2 node-1*", 0},
		"DaemonSet by node":           {simtest.DaemonSet("a", "", "") + running("DaemonSet a", "q node-2", "r node-2"), "a-1-0 node-1, q node-2*, a-1-2 node-3", 2},
		"node that does not fit them": {strings.Replace(replicas, "containers", "nodeSelector: {kubernetes.io/hostname: node-2}\n      containers", 1) + running("ReplicaSet a", "p node-1"), "p node-1*, a-1-1 node-2, a-1-2 node-2", 2},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Simulate(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", c.text))
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
			if o := scenario(t, r, LoseNode, "node-1").Outcomes[0]; o.Least != c.least {
				t.Errorf("%d pods Ready when node-1 fails, want %d", o.Least, c.least)
			}
		})
	}
}

// TestEventsOnRunningPods: rollouts and drains replace running pods, and respect their constraints.
func TestEventsOnRunningPods(t *testing.T) {
	text := simtest.Workload("Deployment", "a", "", simtest.HostAntiAffinity)
	for _, p := range []string{"p node-1", "q node-2", "r node-3"} {
		text += strings.Replace(running("ReplicaSet a-7d8f", p), "ownerReferences", "labels: {pod-template-hash: 7d8f}, ownerReferences", 1)
	}
	r, err := Simulate(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", text))
	if err != nil {
		t.Fatal(err)
	}
	if s := scenario(t, r, Rollout, "Deployment a"); !strings.Contains(s.Blocked, "anti-affinity") {
		t.Errorf("a rollout without a node for the surge: %+v", s)
	}
	s := scenario(t, r, DrainNode, "node-1")
	if len(s.Changes) < 1 || s.Changes[0].Pod != "p" || s.Changes[0].From != "node-1" {
		t.Errorf("a drain: %+v", s.Changes)
	}
}
