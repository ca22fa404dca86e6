package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

func nodes(t *testing.T, n, zones int) cluster.Cluster {
	t.Helper()
	c, err := cluster.Uniform(n, zones)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// running returns pods of a workload that run: "name node", with "!" after the name of one that is not Ready.
func running(kind, owner string, pods ...string) string {
	text := ""
	for _, p := range pods {
		name, node, _ := strings.Cut(p, " ")
		ready := "True"
		if cut, ok := strings.CutSuffix(name, "!"); ok {
			name, ready = cut, "False"
		}
		ref := ""
		if kind != "" {
			ref = fmt.Sprintf(", ownerReferences: [{apiVersion: apps/v1, kind: %s, name: %s, uid: u, controller: true}]", kind, owner)
		}
		text += fmt.Sprintf("---\n{apiVersion: v1, kind: Pod, metadata: {name: %s, labels: {app: %s}%s}, spec: {nodeName: %s, containers: [{name: c, image: i}]}, status: {phase: Running, conditions: [{type: Ready, status: %q}]}}\n", name, owner, ref, node, ready)
	}
	return text
}

// summary is the outcome, the rounds and the blocked nodes: "proven node-1 node-2+node-3 blocked node-4".
func summary(p Plan) string {
	text := p.Outcome
	for _, r := range p.Rounds {
		text += " " + strings.Join(r.Nodes, "+")
	}
	for _, n := range p.Nodes {
		switch {
		case n.Round > 0:
		case n.InAnyOrder:
			text += " never " + n.Name
		default:
			text += " blocked " + n.Name
		}
	}
	return text
}

// pinned is a StatefulSet with a pod on each of some nodes, where it has its disk.
func pinned(name string, on ...string) string {
	text := simtest.Replicas(len(on), simtest.Workload("StatefulSet", name, "podManagementPolicy: Parallel\n  volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]", ""))
	for i, node := range on {
		text += running("StatefulSet", name, fmt.Sprintf("%s-%d %s", name, i, node)) +
			simtest.Claim(fmt.Sprintf("d-%s-%d", name, i), "ReadWriteOnce", fmt.Sprintf("volumeName: %s%d", name, i)) +
			simtest.Volume(fmt.Sprintf("%s%d", name, i), "''", simtest.OnNodes("kubernetes.io/hostname", node))
	}
	return text
}

func TestFind(t *testing.T) {
	web := simtest.Workload("Deployment", "web", "", simtest.HostAntiAffinity)
	solo := running("", "solo", "solo node-2")
	for name, c := range map[string]struct {
		text    string
		nodes   int
		options Options
		want    string
	}{
		"one after the other":            {web + simtest.Budget("web", "maxUnavailable: 1"), 4, Options{AtOnce: 1}, "proven node-1 node-4 node-2 node-3"},
		"some nodes":                     {web, 4, Options{AtOnce: 1, Nodes: []string{"node-3", "node-2", "node-3"}}, "proven node-2 node-3"},
		"a budget that allows none":      {web + simtest.Budget("web", "maxUnavailable: 0"), 4, Options{AtOnce: 1}, "blocked node-4 never node-1 never node-2 never node-3"},
		"a budget without room to move":  {web + simtest.Budget("web", "maxUnavailable: 1"), 3, Options{AtOnce: 1}, "proven node-1 node-2 node-3"},
		"at once, as the budget allows":  {pinned("a", "node-1", "node-2", "node-3") + simtest.Budget("a", "maxUnavailable: 1"), 4, Options{}, "as placed node-1+node-4 node-2 node-3"},
		"at once, with a wider budget":   {pinned("a", "node-1", "node-2", "node-3") + simtest.Budget("a", "maxUnavailable: 2"), 4, Options{}, "as placed node-1+node-4 node-2 node-3"},
		"at once, in one zone":           {pinned("a", "node-1", "node-4", "node-7") + simtest.Budget("a", "maxUnavailable: 2"), 7, Options{}, "as placed node-1+node-4 node-7 node-2+node-5 node-3+node-6"},
		"at most two at once":            {pinned("a", "node-1", "node-2", "node-3") + simtest.Budget("a", "maxUnavailable: 2"), 4, Options{AtOnce: 2}, "as placed node-1+node-4 node-2 node-3"},
		"an unmanaged pod":               {web + solo, 4, Options{AtOnce: 1}, "blocked node-1 node-4 node-3 never node-2"},
		"an unmanaged pod, forced":       {web + solo, 4, Options{AtOnce: 1, Force: true}, "as placed node-1 node-4 node-2 node-3"},
		"a pod of an unknown controller": {web + strings.Replace(solo, "labels: {app: solo}", "ownerReferences: [{apiVersion: example.org/v1, kind: Game, name: g, uid: u, controller: true}]", 1), 4, Options{AtOnce: 1}, "as placed node-1 node-4 node-2 node-3"},
		"one replica":                    {simtest.Replicas(1, web), 3, Options{AtOnce: 1}, "proven node-1 node-2 node-3"},
		"one replica, uninterrupted":     {simtest.Replicas(1, web), 3, Options{AtOnce: 1, Uninterrupted: true}, "blocked node-2 node-3 never node-1"},
		"one replica, within a minute":   {simtest.Replicas(1, web), 3, Options{AtOnce: 1, Uninterrupted: true, Within: time.Minute}, "proven node-1 node-2 node-3"},
		"another node fails meanwhile":   {simtest.Replicas(2, web), 4, Options{AtOnce: 1, Uninterrupted: true, Domains: []cluster.Domain{cluster.Node}}, "as placed node-1 node-4 node-2 node-3"},
		"no room for another failure":    {simtest.Replicas(2, simtest.Container("resources: {requests: {cpu: 12}}", web)) + simtest.Replicas(1, simtest.Container("resources: {requests: {cpu: 12}}", simtest.Workload("Deployment", "big", "", ""))), 3, Options{AtOnce: 1, Uninterrupted: true, Domains: []cluster.Domain{cluster.Node}}, "blocked never node-1 never node-2 never node-3"},
		// The pod that is not Ready uses up the budget and does not become Ready elsewhere, so that only its own node can be drained.
		"a pod that is not Ready": {simtest.Replicas(2, simtest.Workload("StatefulSet", "a", "", "")) + running("StatefulSet", "a", "a-0! node-1", "a-1 node-2") + simtest.Budget("a", "maxUnavailable: 1"), 3, Options{AtOnce: 1}, "blocked node-1 node-3 never node-2"},
		// The unmanaged pod is lost and then missing in the budget, so that its node must be the last one.
		"an order that matters": {running("", "a", "x node-1") + pinned("a", "node-2", "node-3") + simtest.Budget("a", "minAvailable: 2"), 3, Options{AtOnce: 1, Force: true}, "as placed node-2 node-3 node-1"},
		"only one of two":       {running("", "a", "x1 node-1", "x2 node-2") + simtest.Budget("a", "minAvailable: 1"), 3, Options{AtOnce: 1, Force: true}, "blocked node-1 node-3 blocked node-2"},
		"an unsupported kind":   {web + "---\n{apiVersion: example.org/v1, kind: Game, metadata: {name: g}}\n", 4, Options{AtOnce: 1}, "not judged node-1 node-4 node-2 node-3"},
		"unread":                {web, 4, Options{AtOnce: 1, Unread: "pods were not read"}, "as placed node-1 node-4 node-2 node-3"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Find(t.Context(), nodes(t, c.nodes, 3), verifytest.Read(t, "m.yaml", c.text), c.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(p); got != c.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, c.want, p)
			}
		})
	}
}

func TestFindUnknownNode(t *testing.T) {
	_, err := Find(t.Context(), nodes(t, 3, 3), verifytest.Read(t, "m.yaml", simtest.Workload("Deployment", "web", "", "")), Options{AtOnce: 1, Nodes: []string{"node-9"}})
	if err == nil || err.Error() != "node node-9 does not exist: the cluster has nodes from node-1 to node-3" {
		t.Errorf("got %v", err)
	}
}

// valid plays the rounds of a plan from the beginning, and returns why one is blocked, "" if none is.
func valid(t *testing.T, c cluster.Cluster, s *workload.System, o Options, p Plan) string {
	t.Helper()
	o.limits, o.Progress = &defaultLimits, func(string) {}
	fresh, err := newPlanner(t.Context(), c, s, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Rounds {
		result, err := fresh.play(r.Nodes, true)
		if err != nil {
			t.Fatal(err)
		}
		if result.blocked != "" {
			return strings.Join(r.Nodes, "+") + ": " + result.blocked
		}
	}
	return ""
}

// TestProperties checks random systems: the rounds are valid in a fresh simulation, each node has one round or a reason, the first round can
// be drained now, and the search leaves no trace.
func TestProperties(t *testing.T) {
	blocked, drained := 0, 0
	for seed := range uint64(60) {
		c, s := simtest.Random(t, seed)
		for _, o := range []Options{{AtOnce: 1}, {AtOnce: 0}, {AtOnce: 1, Uninterrupted: true, Within: time.Minute}} {
			p, err := Find(t.Context(), c, s, o)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if why := valid(t, c, s, o, p); why != "" {
				t.Errorf("seed %d: %+v: round %s", seed, o, why)
			}
			var all []string
			for _, r := range p.Rounds {
				all = append(all, r.Nodes...)
			}
			for _, n := range p.Nodes {
				switch {
				case n.Round > 0 && (!slices.Contains(p.Rounds[n.Round-1].Nodes, n.Name) || n.Blocked != ""), n.Round == 0 && n.Blocked == "", n.Now != (n.BlockedNow == ""):
					t.Errorf("seed %d: %+v", seed, n)
				case n.Round > 0:
					drained++
					all = slices.DeleteFunc(all, func(name string) bool { return name == n.Name })
				default:
					blocked++
				}
				if n.Now && n.InAnyOrder || n.Round == 1 && !n.Now && len(p.Rounds[0].Nodes) == 1 {
					t.Errorf("seed %d: node %s: now %v, in any order %v, round %d", seed, n.Name, n.Now, n.InAnyOrder, n.Round)
				}
			}
			if len(all) > 0 || p.Fine() == slices.ContainsFunc(p.Nodes, func(n Node) bool { return n.Round == 0 }) && p.Outcome != NotJudged {
				t.Errorf("seed %d: %s", seed, summary(p))
			}
			again, err := Find(t.Context(), c, s, o)
			if err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", p) {
				t.Errorf("seed %d: another plan for the same input", seed)
			}
		}
	}
	if blocked < 20 || drained < 100 {
		t.Errorf("%d nodes blocked and %d drained: the systems are too much alike", blocked, drained)
	}
}

// TestMoreBudget: a budget that allows more, and the leave to drain more nodes at once, block no more nodes.
func TestMoreBudget(t *testing.T) {
	better := 0
	for seed := range uint64(40) {
		c, s := simtest.Random(t, seed)
		left := func() int {
			p, err := Find(t.Context(), c, s, Options{AtOnce: 1})
			if err != nil {
				t.Fatal(err)
			}
			return len(slices.DeleteFunc(p.Nodes, func(n Node) bool { return n.Round > 0 }))
		}
		before := left()
		s.Budgets = nil
		after := left()
		if after > before {
			t.Errorf("seed %d: %d nodes are blocked with budgets, %d without", seed, before, after)
		}
		if after < before {
			better++
		}
	}
	if better == 0 {
		t.Error("no budget blocks a node: the systems are too much alike")
	}
}
