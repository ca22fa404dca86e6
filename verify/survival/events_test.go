package survival

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// system reads manifests. What is said of how they replicate is assumed.
func system(t testing.TB, text string) *workload.System {
	t.Helper()
	objects, err := manifest.Parse("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := workload.Read(objects)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetReplication(nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// make3 is a workload of three pods with the app's name; EXTRA goes into its spec, POD into that of its pods.
func make3(kind, name, extra, pod string) string {
	return strings.NewReplacer("KIND", kind, "NAME", name, "EXTRA", extra, "POD", pod).Replace(`
---
apiVersion: apps/v1
kind: KIND
metadata: {name: NAME}
spec:
  replicas: 3
  selector: {matchLabels: {app: NAME}}
  EXTRA
  template:
    metadata: {labels: {app: NAME}}
    spec:
      POD
      containers: [{name: c, image: i}]
`)
}

// budgetOf is a budget of an app.
func budgetOf(app, spec string) string {
	return strings.NewReplacer("APP", app, "SPEC", spec).Replace(`
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: APP}, spec: {selector: {matchLabels: {app: APP}}, SPEC}}
`)
}

const (
	apartZones = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}]}}"
	apartHosts = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}]}}"
)

// TestEvents: each case is an event on a small system, and what is said of its first workload.
func TestEvents(t *testing.T) {
	for name, c := range map[string]struct {
		nodes, zones int
		text         string
		event        Event
		target       string
		stuck        string // a part of it, "" if it ends
		least, after int
		recovery     time.Duration
	}{
		"a deployment that must be apart waits for the zone that is lost": {3, 3, make3("Deployment", "a", "", apartZones), LoseZone, "zone-1", "", 2, 2, 0},
		"and its roll hangs, for a pod more has no zone":                  {3, 3, make3("Deployment", "a", "", apartZones), Rollout, "Deployment a", "anti-affinity", 3, 3, 0},
		"unless one may be missing":                                       {3, 3, make3("Deployment", "a", "strategy: {rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}", apartZones), Rollout, "Deployment a", "", 2, 3, 0},
		"all are replaced at once":                                        {3, 3, make3("Deployment", "a", "strategy: {type: Recreate}", "terminationGracePeriodSeconds: 20"), Rollout, "Deployment a", "", 0, 3, 21 * time.Second},
		"a stateful set rolls one by one":                                 {3, 3, make3("StatefulSet", "a", "", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"whatever its maxUnavailable, which is off":                       {3, 3, make3("StatefulSet", "a", "updateStrategy: {rollingUpdate: {maxUnavailable: 2}}", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"all at once starts, one by one rolls":                            {3, 3, make3("StatefulSet", "a", "podManagementPolicy: Parallel", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"a partition leaves the first as they are":                        {3, 3, make3("StatefulSet", "a", "updateStrategy: {rollingUpdate: {partition: 2}}", ""), Rollout, "StatefulSet a", "", 2, 3, 0},
		"nobody deletes":                                                  {3, 3, make3("StatefulSet", "a", "updateStrategy: {type: OnDelete}", ""), Rollout, "StatefulSet a", "", 3, 3, 0},
		"in order, nothing is made before the pod of a lost node":         {3, 3, make3("StatefulSet", "a", "", apartHosts), LoseNodeInRollout, "StatefulSet a, node-1", "which is lost", 1, 1, 0},
		"in parallel it is, but the roll waits":                           {3, 3, make3("StatefulSet", "a", "podManagementPolicy: Parallel", apartHosts), LoseNodeInRollout, "StatefulSet a, node-1", "which is lost", 1, 2, 0},
		"a stateful set's pod stands on a node that is lost":              {3, 3, make3("StatefulSet", "a", "", ""), LoseNode, "node-1", "", 2, 2, 0},

		"no budget: all pods of the node go": {2, 0, make3("Deployment", "a", "", "nodeSelector: {kubernetes.io/hostname: node-1}"), DrainNode, "node-1", "", 0, 0, -1},
		"a budget lets one go at a time":     {2, 0, make3("StatefulSet", "a", "", "") + budgetOf("a", "maxUnavailable: 1"), DrainNode, "node-1", "", 2, 3, 0},
		"all must be there":                  {3, 0, make3("Deployment", "a", "", "") + budgetOf("a", "minAvailable: 3"), DrainNode, "node-1", "PodDisruptionBudget a lets no pod go: it needs 3 healthy ones and has 3", 3, 3, 0},
		"half of three is two":               {3, 0, make3("Deployment", "a", "", "") + budgetOf("a", "minAvailable: 50%"), DrainNode, "node-1", "", 2, 3, 0},
		"a third of three and a bit is all":  {3, 0, make3("Deployment", "a", "", "") + budgetOf("a", "minAvailable: 67%"), DrainNode, "node-1", "needs 3 healthy ones", 3, 3, 0},
		"one percent of three is one":        {3, 0, make3("Deployment", "a", "", "") + budgetOf("a", "maxUnavailable: 1%"), DrainNode, "node-1", "", 2, 3, 0},
		"none of three is none":              {3, 0, make3("Deployment", "a", "", "") + budgetOf("a", "maxUnavailable: 0%"), DrainNode, "node-1", "needs 3 healthy ones", 3, 3, 0},
		"two budgets":                        {3, 0, make3("Deployment", "a", "", "") + budgetOf("a", "maxUnavailable: 1") + strings.Replace(budgetOf("a", "maxUnavailable: 1"), "name: a", "name: b", 1), DrainNode, "node-1", "more than one budget", 3, 3, 0},
		"an empty selector selects all":      {3, 0, make3("Deployment", "a", "", "") + "---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {selector: {}, minAvailable: 3}}", DrainNode, "node-1", "needs 3", 3, 3, 0},
		"no selector selects none":           {3, 0, make3("Deployment", "a", "", "") + "---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 3}}", DrainNode, "node-1", "", 2, 3, 0},
		"a budget of another namespace":      {3, 0, make3("Deployment", "a", "", "") + strings.Replace(budgetOf("a", "minAvailable: 3"), "name: a", "name: a, namespace: b", 1), DrainNode, "node-1", "", 2, 3, 0},
		"the second pod waits for the first": {2, 0, make3("Deployment", "a", "", apartHosts) + budgetOf("a", "minAvailable: 2"), DrainNode, "node-1", "it needs 2 healthy ones and has 2; pod a-1-2 fits on no node", 2, 2, 0},
		"nobody makes a bare pod again":      {1, 0, "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i}]}}", DrainNode, "node-1", "refuses without --force", 1, 1, 0},
		"a job does not say how many":        {1, 0, "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {metadata: {labels: {app: a}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}" + budgetOf("a", "maxUnavailable: 1"), DrainNode, "node-1", "a Job does not say how many pods", 1, 1, 0},
		"a daemon stays":                     {2, 0, daemon("", "") + budgetOf("a", "minAvailable: 2"), DrainNode, "node-1", "", 2, 2, 0},

		"nobody misses the daemon of a lost node":   {3, 0, daemon("", ""), LoseNode, "node-1", "", 2, 2, 0},
		"daemons are replaced one by one":           {3, 0, daemon("", ""), Rollout, "DaemonSet a", "", 2, 3, 31 * time.Second},
		"or some at once, rounded up":               {3, 0, daemon("updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}", ""), Rollout, "DaemonSet a", "", 1, 3, 31 * time.Second},
		"or the next is there before the last goes": {3, 0, daemon("updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}", ""), Rollout, "DaemonSet a", "", 3, 3, 0},
		"unless there is no room for both":          {3, 0, daemon("updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}", apartHosts), Rollout, "DaemonSet a", "anti-affinity", 3, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			nodes, err := cluster.Uniform(c.nodes, c.zones)
			if err != nil {
				t.Fatal(err)
			}
			r, err := simulate(t.Context(), nodes, system(t, c.text), false)
			if err != nil {
				t.Fatal(err)
			}
			s := scenario(t, r, c.event, c.target)
			if (c.stuck == "") != (s.Blocked == "") || !strings.Contains(s.Blocked, c.stuck) {
				t.Errorf("stuck: %q, want %q", s.Blocked, c.stuck)
			}
			if o := s.Outcomes[0]; o.Least != c.least || o.After != c.after || o.Recovery != c.recovery {
				t.Errorf("least %d, after %d, back in %s: want %d, %d, %s\n%+v", o.Least, o.After, o.Recovery, c.least, c.after, c.recovery, s)
			}
		})
	}
}

func daemon(extra, pod string) string {
	return strings.NewReplacer("kind: Deployment", "kind: DaemonSet", "replicas: 3", "").Replace(make3("Deployment", "a", extra, pod))
}

// scenario finds one.
func scenario(t *testing.T, r Result, event Event, target string) Scenario {
	t.Helper()
	for _, s := range r.Scenarios {
		if s.Event == event && s.Target == target {
			return s
		}
	}
	t.Fatalf("%s %s was not played", event, target)
	return Scenario{}
}

// TestCordonIsATaint: on a drained node a pod is missed by a spread constraint, but for one that honours taints.
func TestCordonIsATaint(t *testing.T) {
	nodes, err := cluster.Uniform(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	for policy, after := range map[string]int{"Ignore": 2, "Honor": 3} {
		spread := fmt.Sprintf("topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: %s, labelSelector: {matchLabels: {app: a}}}]", policy)
		r, err := Simulate(t.Context(), nodes, system(t, make3("Deployment", "a", "", spread)))
		if err != nil {
			t.Fatal(err)
		}
		if o := scenario(t, r, DrainNode, "node-1").Outcomes[0]; o.After != after {
			t.Errorf("%s: %d pods after a drain, want %d: %v", policy, o.After, after, o.Pending)
		}
	}
}

// TestPriority: a pod makes room for one that counts more, and for no other.
func TestPriority(t *testing.T) {
	nodes, err := cluster.Parse("c.yaml", []byte("nodes: [{name: n, count: 2, capacity: {cpu: 2}}]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []int32{0, 10} {
		text := ""
		for _, name := range []string{"a", "b"} {
			one := strings.Replace(make3("Deployment", name, "", ""), "replicas: 3", "replicas: 1", 1)
			text += strings.Replace(one, "image: i", "image: i, resources: {requests: {cpu: 1500m}}", 1)
		}
		s := system(t, text)
		s.Workloads[0].Template.Spec.Priority = &first
		r, err := Simulate(t.Context(), nodes, s)
		if err != nil {
			t.Fatal(err)
		}
		lost := scenario(t, r, LoseNode, "n-1")
		a, b := lost.Outcomes[0], lost.Outcomes[1]
		if first > 0 != a.Recovers() || first > 0 == b.Recovers() || first > 0 && a.Recovery != (350+30+1)*time.Second {
			t.Errorf("priority %d: %+v\n%+v\n%+v", first, a, b, lost.Changes)
		}
	}
}

// TestGrow: an autoscaler gets as many pods as there is room for, and the rest wait, all for the same reason.
func TestGrow(t *testing.T) {
	nodes, err := cluster.Uniform(5, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := system(t, make3("Deployment", "a", "", apartHosts))
	s.Workloads[0].Max = 7
	r, err := Simulate(t.Context(), nodes, s)
	if err != nil {
		t.Fatal(err)
	}
	if o := scenario(t, r, ScaleUp, "Deployment a").Outcomes[0]; o.Pods != 7 || o.Least != 3 || o.After != 5 || len(o.Pending) != 1 || !strings.HasPrefix(o.Pending[0], "pod a-1-5 and 1 more fit on no node: 5 ") {
		t.Errorf("%+v", o)
	}
}
