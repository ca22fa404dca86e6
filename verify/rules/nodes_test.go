package rules

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestNodesAgreeWithScheduler: on random clusters with random workloads, kube-scheduler's plugins confirm the findings of rules that
// need nodes: the reported pods stay Pending, and a blocked rollout has no node for its first pod.
func TestNodesAgreeWithScheduler(t *testing.T) {
	findings := map[*Rule]int{}
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 0))
		nodes, manifests := randomNodes(r), randomWorkload(r)
		c, err := cluster.Parse("cluster.yaml", []byte(nodes))
		if err != nil {
			t.Fatal(err, nodes)
		}
		s := verifytest.Read(t, "workload.yaml", manifests)
		w, limits := s.Workloads[0], facts.NewNodes(facts.New(s), c).Limits(s.Workloads[0])
		running, left := place(t, c.Nodes, w)
		for _, f := range Check(s, c) {
			wrong := ""
			switch f.Rule {
			case fitsNoNode:
				if running > 0 {
					wrong = fmt.Sprintf("%d run", running)
				}
			case podsOutnumberDomains, spreadCountsTaintedNodes:
				for _, l := range limits {
					if running > l.Pods {
						wrong = fmt.Sprintf("%d run, with a limit of %d", running, l.Pods)
					}
				}
			case rolloutCannotSurge:
				if running == w.Replicas && fits(t, left, w.Pod(0, 2)) != "" {
					wrong = "a node accepts the new pod"
				}
			case restCannotHold:
				lost := strings.Fields(f.Message)[4] // "the failure of zone zone-1 leaves ..."
				if n, _ := place(t, without(c.Nodes, lost), w); n == w.Replicas {
					wrong = "all of them run"
				}
			default:
				continue
			}
			findings[f.Rule]++
			if wrong != "" {
				t.Errorf("seed %d: %s: %s: but %s\n%s\n%s", seed, f.Rule.ID, f.Message, wrong, nodes, manifests)
			}
		}
	}
	for _, r := range []*Rule{fitsNoNode, podsOutnumberDomains, spreadCountsTaintedNodes, rolloutCannotSurge, restCannotHold} {
		t.Logf("%s: %d findings", r.ID, findings[r])
		if findings[r] < 5 {
			t.Errorf("%s has %d findings in total: too few to prove anything", r.ID, findings[r])
		}
	}
}

// place schedules the pods of a workload, and returns how many have a node.
func place(t *testing.T, nodes []*corev1.Node, w *workload.Workload) (int, *scheduler.Scheduler) {
	t.Helper()
	s, err := scheduler.New(context.Background(), nodes)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range w.Replicas {
		pod := w.Pod(i, 1)
		if pod.Spec.NodeName = fits(t, s, pod); pod.Spec.NodeName == "" {
			continue
		}
		if err := s.Add(pod); err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n, s
}

// fits returns the node that the scheduler chooses for a pod, "" if there is none.
func fits(t *testing.T, s *scheduler.Scheduler, pod *corev1.Pod) string {
	t.Helper()
	name, err := s.Place(context.Background(), pod)
	var refused *scheduler.Unschedulable
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return name
}

// without returns all nodes except one node or the nodes of one zone.
func without(nodes []*corev1.Node, lost string) []*corev1.Node {
	var all []*corev1.Node
	for _, n := range nodes {
		if n.Name != lost && n.Labels[cluster.ZoneLabel] != lost {
			all = append(all, n)
		}
	}
	return all
}

func randomNodes(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("nodes:\n")
	for i := range 2 + r.IntN(6) {
		fmt.Fprintf(&b, "  - name: node-%d\n    labels: {disk: %s}\n    capacity: {cpu: '%d'}\n", i, pick(r, "ssd", "hdd"), 1+r.IntN(4))
		if r.IntN(8) > 0 {
			fmt.Fprintf(&b, "    zone: zone-%d\n", r.IntN(3))
		}
		if r.IntN(4) == 0 {
			fmt.Fprintf(&b, "    taints: [{key: control, effect: %s}]\n", pick(r, "NoSchedule", "NoExecute", "PreferNoSchedule"))
		}
	}
	return b.String()
}

func randomWorkload(r *rand.Rand) string {
	var b strings.Builder
	kind := pick(r, "Deployment", "Deployment", "StatefulSet")
	fmt.Fprintf(&b, "apiVersion: apps/v1\nkind: %s\nmetadata: {name: a}\nspec:\n  replicas: %d\n  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec:\n", kind, 1+r.IntN(6))
	key := func() string { return pick(r, corev1.LabelHostname, corev1.LabelTopologyZone, "disk") }
	hash := func(indent string) {
		if r.IntN(4) == 0 {
			b.WriteString(indent + "matchLabelKeys: [pod-template-hash]\n")
		}
	}
	if r.IntN(3) > 0 {
		fmt.Fprintf(&b, "      topologySpreadConstraints:\n")
		for range 1 + r.IntN(2) {
			fmt.Fprintf(&b, "        - topologyKey: %s\n          maxSkew: %d\n          whenUnsatisfiable: %s\n          labelSelector: {matchLabels: {app: a}}\n", key(), 1+r.IntN(2), pick(r, "DoNotSchedule", "DoNotSchedule", "ScheduleAnyway"))
			if r.IntN(2) == 0 {
				fmt.Fprintf(&b, "          minDomains: %d\n", 1+r.IntN(4))
			}
			if r.IntN(3) == 0 {
				fmt.Fprintf(&b, "          nodeTaintsPolicy: %s\n          nodeAffinityPolicy: %s\n", pick(r, "Honor", "Ignore"), pick(r, "Honor", "Ignore"))
			}
			hash("          ")
		}
	}
	if r.IntN(3) == 0 {
		fmt.Fprintf(&b, "      affinity:\n        podAntiAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n            - topologyKey: %s\n              labelSelector: {matchLabels: {app: a}}\n", key())
		hash("              ")
	}
	if r.IntN(3) == 0 {
		fmt.Fprintf(&b, "      nodeSelector: {disk: %s}\n", pick(r, "ssd", "nvme", "hdd"))
	}
	if r.IntN(3) == 0 {
		fmt.Fprintf(&b, "      tolerations: [{key: control, operator: Exists}]\n")
	}
	port := ""
	if r.IntN(5) == 0 {
		port = ", ports: [{containerPort: 80, hostPort: 80}]"
	}
	fmt.Fprintf(&b, "      containers: [{name: a, image: a, resources: {requests: {cpu: %dm}}%s}]\n", 100+r.IntN(20)*100, port)
	return b.String()
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
