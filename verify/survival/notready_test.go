package survival

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestNotReady: running pods that are not Ready do not serve and do not become Ready, and neither do the pods that replace them.
func TestNotReady(t *testing.T) {
	replicas, set := simtest.Workload("ReplicaSet", "a", "", ""), simtest.Workload("StatefulSet", "a", "", "")
	parallel := simtest.Workload("StatefulSet", "a", "podManagementPolicy: Parallel", "")
	two := simtest.Budget("a", "minAvailable: 2")
	always := simtest.Budget("a", "minAvailable: 2, unhealthyPodEvictionPolicy: AlwaysAllow")
	for name, c := range map[string]struct {
		text    string
		event   Event
		target  string
		pending string // a part of the reasons, "" if all pods are Ready at the end
		blocked string // a part of the sentence, "" if the event ends
		least   int
		after   int
	}{
		"steady state":                          {replicas + running("ReplicaSet a", "p node-1", "q node-2 crash", "r node-3 crash"), SteadyState, "", "pod q and 1 more are not Ready: CrashLoopBackOff in container c", "", 1, 1},
		"all Ready":                             {replicas + running("ReplicaSet a", "p node-1", "q node-2", "r node-3"), SteadyState, "", "", "", 3, 3},
		"a StatefulSet waits for the first pod": {set + running("StatefulSet a", "a-0 node-1 pull"), SteadyState, "", "pod a-0 is not Ready: ImagePullBackOff in container c", "", 0, 0},
		"a DaemonSet":                           {simtest.DaemonSet("a", "", "") + running("DaemonSet a", "q node-2 crash"), SteadyState, "", "pod q is not Ready", "", 2, 2},
		"an unmanaged pod":                      {"{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: node-1, containers: [{name: c, image: i}]}, status: {" + statuses["crash"] + "}}", SteadyState, "", "pod a is not Ready", "", 0, 0},
		"beyond the replicas":                   {replicas + running("ReplicaSet a", "o node-1", "p node-1", "q node-2", "r node-3 pull"), SteadyState, "", "pod r, beyond the replicas, is not Ready: ImagePullBackOff in container c", "", 3, 3},
		"a pod that could not be placed":        {replicas + running("ReplicaSet a", "p node-1", "q node-2", "r - unschedulable"), SteadyState, "", "is not Ready: Unschedulable", "", 2, 2},
		"not placed on other nodes":             {replicas + running("ReplicaSet a", "p old-1", "q old-2", "r - unschedulable"), SteadyState, "", "", "", 3, 3},
		"broken on another node":                {replicas + running("ReplicaSet a", "p old-1 crash", "q node-2", "r node-3"), SteadyState, "", "is not Ready: CrashLoopBackOff", "", 2, 2},
		"its node fails":                        {replicas + running("ReplicaSet a", "p node-1", "q node-2 crash", "r node-3"), LoseNode, "node-2", "is not Ready: CrashLoopBackOff", "", 2, 2},
		"another node fails":                    {replicas + running("ReplicaSet a", "p node-1", "q node-2 crash", "r node-3"), LoseNode, "node-1", "pod q is not Ready: CrashLoopBackOff", "", 1, 2},
		"drain, counted by the budget":          {replicas + two + running("ReplicaSet a", "p node-1", "q node-2 crash", "r node-3"), DrainNode, "node-1", "pod q is not Ready", "healthy pods 2, required 2", 2, 2},
		"drain of its node":                     {replicas + two + running("ReplicaSet a", "p node-1", "q node-2 crash", "r node-3"), DrainNode, "node-2", "is not Ready: CrashLoopBackOff", "", 2, 2},
		"drain of its node, too few":            {replicas + two + running("ReplicaSet a", "p node-1", "q node-2 crash", "r node-3 crash"), DrainNode, "node-2", "more are not Ready", "healthy pods 1, required 2", 1, 1},
		"drain of its node, always":             {replicas + always + running("ReplicaSet a", "p node-1", "q node-2 crash", "r node-3 crash"), DrainNode, "node-2", "more are not Ready", "", 1, 1},
		"drain of a pod that never began":       {replicas + two + running("ReplicaSet a", "p node-1", "q node-2 pull", "r node-3 pull"), DrainNode, "node-2", "more are not Ready", "", 1, 1},
		"rollout in order":                      {set + running("StatefulSet a", "a-0 node-1", "a-1 node-2 crash", "a-2 node-3"), Rollout, "StatefulSet a", "pod a-1 is not Ready", "pod a-1 is not Ready: CrashLoopBackOff in container c", 2, 2},
		"rollout in parallel":                   {parallel + running("StatefulSet a", "a-0 node-1", "a-1 node-2 crash", "a-2 node-3"), Rollout, "StatefulSet a", "pod a-1 is not Ready", "pod a-1 is not Ready", 1, 2},
		"rollout of a Deployment":               {simtest.Workload("Deployment", "a", "", "") + ofDeployment("p node-1", "q node-2 crash", "r node-3"), Rollout, "Deployment a", "is not Ready", "is not Ready: CrashLoopBackOff in container c", 2, 3},
		"rollout of a Deployment, none Ready":   {simtest.Replicas(1, simtest.Workload("Deployment", "a", "", "")) + ofDeployment("p node-1 crash"), Rollout, "Deployment a", "are not Ready", "is not Ready: CrashLoopBackOff in container c", 0, 0},
		"rollout of a DaemonSet":                {simtest.DaemonSet("a", "", "") + running("DaemonSet a", "p node-1 crash"), Rollout, "DaemonSet a", "is not Ready", "is not Ready: CrashLoopBackOff", 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Simulate(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", c.text))
			if err != nil {
				t.Fatal(err)
			}
			s := scenario(t, r, c.event, c.target)
			o := s.Outcomes[0]
			if pending := strings.Join(o.Pending, "; "); !strings.Contains(pending, c.pending) || (pending == "") != (c.pending == "") {
				t.Errorf("pending %q, want %q", pending, c.pending)
			}
			if !strings.Contains(s.Blocked, c.blocked) || (s.Blocked == "") != (c.blocked == "") {
				t.Errorf("blocked %q, want %q", s.Blocked, c.blocked)
			}
			if o.Least != c.least || o.After != c.after {
				t.Errorf("at least %d Ready, %d at the end; want %d, %d", o.Least, o.After, c.least, c.after)
			}
		})
	}
}

// TestUnplaced: a running pod that could not be placed becomes Ready once it fits, and keeps its part of a quota until then.
func TestUnplaced(t *testing.T) {
	spread := simtest.Workload("ReplicaSet", "a", "", "topologySpreadConstraints: [{maxSkew: 2, minDomains: 2, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: Honor, labelSelector: {matchLabels: {app: a}}}]")
	pods := strings.ReplaceAll(running("ReplicaSet a", "p node-1", "q node-2", "r - unschedulable"), "ownerReferences", "labels: {app: a}, ownerReferences")
	for name, text := range map[string]string{"alone": spread + pods, "with a quota": spread + pods + quota(`pods: "3"`, "")} {
		r, err := Simulate(t.Context(), uniform(t, 2, 1), verifytest.Read(t, "m.yaml", text))
		if err != nil {
			t.Fatal(err)
		}
		if o := scenario(t, r, SteadyState, "").Outcomes[0]; o.After != 2 || len(o.Pending) != 1 || !strings.Contains(o.Pending[0], "pod r fits on no node") {
			t.Errorf("%s: in the steady state %+v", name, o)
		}
		if o := scenario(t, r, DrainNode, "node-1").Outcomes[0]; o.Least != 1 || o.After != 2 {
			t.Errorf("%s: after a drain %+v, want 2 pods Ready", name, o)
		}
	}
}

// ofDeployment returns running pods of Deployment a, whose ReplicaSet is not in the input.
func ofDeployment(pods ...string) string {
	return strings.ReplaceAll(running("ReplicaSet a-7d8f", pods...), "ownerReferences", "labels: {pod-template-hash: 7d8f}, ownerReferences")
}

// TestNodesNotReady: nodes that are not Ready have failed, and cordoned nodes accept no pods.
func TestNodesNotReady(t *testing.T) {
	replicas, set := simtest.Workload("ReplicaSet", "a", "", ""), simtest.Workload("StatefulSet", "a", "", "")
	broken := `, status: {phase: Running, conditions: [{type: Ready, status: "False"}], containerStatuses: [{name: c, ready: true, state: {running: {}}}]}`
	marked := func(text string) string { // as the control plane marks the pods of a node that is not Ready
		return strings.Replace(text, ", status: {"+statuses[""]+"}", broken, 1)
	}
	for name, c := range map[string]struct {
		text    string
		change  func(*corev1.Node)
		want    string
		pending string
	}{
		"a ReplicaSet":         {marked(replicas + running("ReplicaSet a", "p node-1", "q node-2", "r node-3")), notReady, "a-1-3 node-2; p node-1; q node-2; r node-3", ""},
		"a StatefulSet":        {marked(set + running("StatefulSet a", "a-0 node-1", "a-1 node-2", "a-2 node-3")), notReady, "a-0 node-1; a-1 node-2; a-2 node-3", "kubectl taint nodes node-1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"},
		"a pod that crashes":   {replicas + running("ReplicaSet a", "p node-1 crash", "q node-2", "r node-3"), notReady, "a-1-3 node-2; p node-1; q node-2; r node-3", "pod a-1-3 is not Ready: CrashLoopBackOff in container c"},
		"a Terminating pod":    {strings.Replace(set+running("StatefulSet a", "a-0 node-1", "a-1 node-2", "a-2 node-3"), "{name: a-0,", "{name: a-0, deletionTimestamp: 2026-01-01T00:00:00Z,", 1), notReady, "a-0 node-1; a-1 node-2; a-2 node-3", "pod a-0 is on failed node node-1"},
		"a pod that ends":      {strings.Replace(set+running("StatefulSet a", "a-0 node-1", "a-1 node-2", "a-2 node-3"), "{name: a-0,", "{name: a-0, deletionTimestamp: 2026-01-01T00:00:00Z,", 1), func(*corev1.Node) {}, "a-0 node-1; a-1 node-2; a-2 node-3", ""},
		"without running pods": {replicas, notReady, "a-1-0 node-2; a-1-1 node-3; a-1-2 node-2", ""},
		"cordoned":             {replicas, func(n *corev1.Node) { n.Spec.Unschedulable = true }, "a-1-0 node-2; a-1-1 node-3; a-1-2 node-2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			nodes := uniform(t, 3, 3)
			c.change(nodes.Nodes[0])
			r, err := Simulate(t.Context(), nodes, verifytest.Read(t, "m.yaml", c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range r.SteadyState {
				got = append(got, p.Pod+" "+p.Node)
			}
			slices.Sort(got)
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if pending := strings.Join(r.Scenarios[0].Outcomes[0].Pending, "; "); !strings.Contains(pending, c.pending) || (pending == "") != (c.pending == "") {
				t.Errorf("pending %q, want %q", pending, c.pending)
			}
			failed := slices.ContainsFunc(r.Scenarios, func(s Scenario) bool { return s.Target == "node-1" && (s.Event == LoseNode || s.Event == DrainNode) })
			if ready := (nodes.Nodes[0].Status.Conditions[0].Status == corev1.ConditionTrue); failed != ready {
				t.Errorf("node-1 is Ready: %v, and fails or is drained: %v", ready, failed)
			}
		})
	}
}

func notReady(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }
