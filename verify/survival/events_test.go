package survival

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// uniform returns a cluster of equal nodes.
func uniform(t testing.TB, nodes, zones int) cluster.Cluster {
	t.Helper()
	c, err := cluster.Uniform(nodes, zones)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// scenario returns the scenario of an event and a target.
// It has the outcomes of all workloads.
func scenario(t *testing.T, r Result, event Event, target string) Scenario {
	t.Helper()
	for _, s := range r.Scenarios {
		if s.Event == event && s.Target == target {
			s.Outcomes = allOutcomes(r, s)
			return s
		}
	}
	t.Fatalf("%s %s was not simulated", event, target)
	return Scenario{}
}

// allOutcomes returns the outcomes of all workloads, also of those that the event does not affect.
func allOutcomes(r Result, s Scenario) []Outcome {
	var all []Outcome
	for i := range r.Scenarios[0].Outcomes {
		all = append(all, r.Outcome(s, i))
	}
	return all
}

// TestEvents: each case is an event on a small system, and the outcome of its first workload.
func TestEvents(t *testing.T) {
	deployment := func(extra, pod string) string { return simtest.Workload("Deployment", "a", extra, pod) }
	statefulSet := func(extra, pod string) string { return simtest.Workload("StatefulSet", "a", extra, pod) }
	daemonSet := func(extra, pod string) string { return simtest.DaemonSet("a", extra, pod) }
	budget := func(spec string) string { return simtest.Budget("a", spec) }
	const pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i}]}}"
	const job = "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {metadata: {labels: {app: a}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}"
	const autoscaler = `
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 3, maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}
`
	for name, c := range map[string]struct {
		nodes, zones int
		text         string
		event        Event
		target       string
		blocked      string // a part of the sentence, "" if the event ends
		least, after int
		recovery     time.Duration
	}{
		"zone anti-affinity: no other zone for the failed one's pod": {3, 3, deployment("", simtest.ZoneAntiAffinity), LoseZone, "zone-1", "", 2, 2, 0},
		"zone anti-affinity: no zone for the surge of a rollout":     {3, 3, deployment("", simtest.ZoneAntiAffinity), Rollout, "Deployment a", "anti-affinity", 3, 3, 0},
		"zone anti-affinity: rollout with maxUnavailable":            {3, 3, deployment("strategy: {rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}", simtest.ZoneAntiAffinity), Rollout, "Deployment a", "", 2, 3, 0},
		"rollout with Recreate":                                      {3, 3, deployment("strategy: {type: Recreate}", "terminationGracePeriodSeconds: 20"), Rollout, "Deployment a", "", 0, 3, 21 * time.Second},
		"rollout of a paused Deployment":                             {3, 3, deployment("paused: true", ""), Rollout, "Deployment a", "", 3, 3, 0},
		"scaled while it is paused":                                  {3, 3, deployment("paused: true", "") + autoscaler, ScaleUp, "Deployment a", "", 3, 5, 0},
		"StatefulSet: rollout":                                       {3, 3, statefulSet("", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"StatefulSet: maxUnavailable is ignored":                     {3, 3, statefulSet("updateStrategy: {rollingUpdate: {maxUnavailable: 2}}", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"StatefulSet: Parallel does not change the rollout":          {3, 3, statefulSet("podManagementPolicy: Parallel", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"StatefulSet: rollout with partition":                        {3, 3, statefulSet("updateStrategy: {rollingUpdate: {partition: 2}}", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"StatefulSet: rollout with OnDelete":                         {3, 3, statefulSet("updateStrategy: {type: OnDelete}", ""), Rollout, "StatefulSet a", "", 3, 3, 0},
		"StatefulSet: node failure in a rollout":                     {3, 3, statefulSet("", simtest.HostAntiAffinity), LoseNodeInRollout, "StatefulSet a, node-1", "failed node", 1, 1, 0},
		"StatefulSet: node failure in a rollout, Parallel":           {3, 3, statefulSet("podManagementPolicy: Parallel", simtest.HostAntiAffinity), LoseNodeInRollout, "StatefulSet a, node-1", "failed node", 1, 2, 0},
		"StatefulSet: the pod of a failed node is not replaced":      {3, 3, statefulSet("", ""), LoseNode, "node-1", "", 2, 2, 0},

		"drain without budget":                    {2, 0, deployment("", "nodeSelector: {kubernetes.io/hostname: node-1}"), DrainNode, "node-1", "", 0, 0, -1},
		"drain with maxUnavailable 1":             {2, 0, statefulSet("", "") + budget("maxUnavailable: 1"), DrainNode, "node-1", "", 2, 3, 0},
		"drain with minAvailable of all pods":     {3, 0, deployment("", "") + budget("minAvailable: 3"), DrainNode, "node-1", "PodDisruptionBudget a allows no eviction: healthy pods 3, required 3", 3, 3, 0},
		"minAvailable 50% of 3 is 2":              {3, 0, deployment("", "") + budget("minAvailable: 50%"), DrainNode, "node-1", "", 2, 3, 0},
		"minAvailable 67% of 3 is 3":              {3, 0, deployment("", "") + budget("minAvailable: 67%"), DrainNode, "node-1", "healthy pods 3, required 3", 3, 3, 0},
		"maxUnavailable 1% of 3 is 1":             {3, 0, deployment("", "") + budget("maxUnavailable: 1%"), DrainNode, "node-1", "", 2, 3, 0},
		"maxUnavailable 0% of 3 is 0":             {3, 0, deployment("", "") + budget("maxUnavailable: 0%"), DrainNode, "node-1", "healthy pods 3, required 3", 3, 3, 0},
		"two budgets for one pod":                 {3, 0, deployment("", "") + budget("maxUnavailable: 1") + strings.Replace(budget("maxUnavailable: 1"), "name: a", "name: b", 1), DrainNode, "node-1", "more than one budget", 3, 3, 0},
		"budget with an empty selector":           {3, 0, deployment("", "") + "---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {selector: {}, minAvailable: 3}}", DrainNode, "node-1", "required 3", 3, 3, 0},
		"budget without selector":                 {3, 0, deployment("", "") + "---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 3}}", DrainNode, "node-1", "", 2, 3, 0},
		"budget of another namespace":             {3, 0, deployment("", "") + strings.Replace(budget("minAvailable: 3"), "name: a", "name: a, namespace: b", 1), DrainNode, "node-1", "", 2, 3, 0},
		"the blocker names the Pending pod":       {2, 0, deployment("", simtest.HostAntiAffinity) + budget("minAvailable: 2"), DrainNode, "node-1", "healthy pods 2, required 2; pod a-1-2 fits on no node", 2, 2, 0},
		"drain of the leader":                     {3, 0, simtest.Container("readinessProbe: {httpGet: {path: /is-leader, port: 80}}", strings.Replace(statefulSet("", ""), "kind: StatefulSet\nmetadata: {", "kind: StatefulSet\nmetadata: {annotations: {holdfast-ha.github.io/replication: quorum}, ", 1)) + budget("maxUnavailable: 1"), DrainNode, "node-1", "required 2; pod a-1 is not Ready: only the leader", 2, 2, 0},
		"drain with an unmanaged pod":             {1, 0, pod, DrainNode, "node-1", "without --force", 1, 1, 0},
		"budget for a Job":                        {1, 0, job + budget("maxUnavailable: 1"), DrainNode, "node-1", "a Job has no scale subresource", 1, 1, 0},
		"pods that tolerate the cordon stay":      {3, 0, deployment("", "tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]\n      "+simtest.HostAntiAffinity), DrainNode, "node-1", "", 2, 3, 0},
		"pods that stay on their node return":     {3, 0, simtest.Replicas(1, statefulSet("", "tolerations: [{operator: Exists}]\n      nodeSelector: {kubernetes.io/hostname: node-1}")), DrainNode, "node-1", "", 0, 1, 31 * time.Second},
		"drain does not evict pods of DaemonSets": {2, 0, daemonSet("", "") + budget("minAvailable: 2"), DrainNode, "node-1", "", 2, 2, 0},

		"DaemonSet: no pod is needed on a failed node": {3, 0, daemonSet("", ""), LoseNode, "node-1", "", 2, 2, 0},
		"DaemonSet: rollout":                           {3, 0, daemonSet("", ""), Rollout, "DaemonSet a", "", 2, 3, 31 * time.Second},
		"DaemonSet: maxUnavailable is rounded up":      {3, 0, daemonSet("updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}", ""), Rollout, "DaemonSet a", "", 1, 3, 31 * time.Second},
		"DaemonSet: rollout with surge":                {3, 0, daemonSet("updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}", ""), Rollout, "DaemonSet a", "", 3, 3, 0},
		"DaemonSet: surge against anti-affinity":       {3, 0, daemonSet("updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}", simtest.HostAntiAffinity), Rollout, "DaemonSet a", "anti-affinity", 3, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := SimulateWith(t.Context(), uniform(t, c.nodes, c.zones), verifytest.Read(t, "m.yaml", c.text), Options{everyTarget: true})
			if err != nil {
				t.Fatal(err)
			}
			s := scenario(t, r, c.event, c.target)
			if (c.blocked == "") != (s.Blocked == "") || !strings.Contains(s.Blocked, c.blocked) {
				t.Errorf("blocked: got %q, want %q", s.Blocked, c.blocked)
			}
			if o := s.Outcomes[0]; o.Least != c.least || o.After != c.after || o.Recovery != c.recovery {
				t.Errorf("least %d, after %d, recovery %s; want %d, %d, %s\n%+v", o.Least, o.After, o.Recovery, c.least, c.after, c.recovery, s)
			}
		})
	}
}

// TestDrainTaint: a spread constraint counts a drained node as an empty domain, unless it honors taints.
func TestDrainTaint(t *testing.T) {
	for policy, after := range map[string]int{"Ignore": 2, "Honor": 3} {
		spread := fmt.Sprintf("topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: %s, labelSelector: {matchLabels: {app: a}}}]", policy)
		r, err := Simulate(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", simtest.Workload("Deployment", "a", "", spread)))
		if err != nil {
			t.Fatal(err)
		}
		if o := scenario(t, r, DrainNode, "node-1").Outcomes[0]; o.After != after {
			t.Errorf("nodeTaintsPolicy %s: %d pods Ready after a drain, want %d: %v", policy, o.After, after, o.Pending)
		}
	}
}

// TestPriority: only pods of higher priority preempt others after a node failure.
func TestPriority(t *testing.T) {
	nodes, err := cluster.Parse("c.yaml", []byte("nodes: [{name: n, count: 2, capacity: {cpu: 2}}]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, priority := range []int32{0, 10} {
		text := ""
		for _, name := range []string{"a", "b"} {
			text += simtest.Container("resources: {requests: {cpu: 1500m}}", simtest.Replicas(1, simtest.Workload("Deployment", name, "", "")))
		}
		s := verifytest.Read(t, "m.yaml", text)
		s.Workloads[0].Template.Spec.Priority = &priority
		r, err := Simulate(t.Context(), nodes, s)
		if err != nil {
			t.Fatal(err)
		}
		failed := scenario(t, r, LoseNode, "n-1")
		a, b := failed.Outcomes[0], failed.Outcomes[1]
		preempts := priority > 0
		if preempts != a.Recovers() || preempts == b.Recovers() || preempts && a.Recovery != (350+30+1)*time.Second {
			t.Errorf("priority %d: %+v\n%+v\n%+v", priority, a, b, failed.Changes)
		}
	}
}

// TestScaleUp: a scale-up creates as many Ready pods as there is capacity for; the others are Pending for one reason.
func TestScaleUp(t *testing.T) {
	s := verifytest.Read(t, "m.yaml", simtest.Workload("Deployment", "a", "", simtest.HostAntiAffinity))
	s.Workloads[0].Max = 7
	r, err := Simulate(t.Context(), uniform(t, 5, 0), s)
	if err != nil {
		t.Fatal(err)
	}
	if o := scenario(t, r, ScaleUp, "Deployment a").Outcomes[0]; o.Pods != 7 || o.Least != 3 || o.After != 5 || len(o.Pending) != 1 || !strings.HasPrefix(o.Pending[0], "pod a-1-5 and 1 more fit on no node: 5 ") {
		t.Errorf("%+v", o)
	}
}
