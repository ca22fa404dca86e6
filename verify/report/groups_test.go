package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func text(t *testing.T, r Report, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestEqualFindings: findings that differ only in names and numbers are one with a count; others are not.
func TestEqualFindings(t *testing.T) {
	var r Report
	add := func(rule, object, message, fix string) {
		r.Findings = append(r.Findings, Finding{Rule: rule, File: "m.yaml", Line: len(r.Findings) + 1, Object: object, Message: message, Protects: "risk", Fix: fix})
	}
	for i := range 17 {
		name := fmt.Sprint("app-", i)
		add("blocks", "PodDisruptionBudget team/"+name, fmt.Sprintf("never allows an eviction from Deployment team/%s (pods: %d)", name, i), "Set 1")
	}
	add("blocks", "PodDisruptionBudget web", "never allows an eviction from Deployment web (pods: 1)", "Set 1")
	add("blocks", "PodDisruptionBudget db", "never allows an eviction from Deployment db (pods: 1)", "Remove it")
	add("other", "PodDisruptionBudget db", "never allows an eviction from Deployment db (pods: 1)", "Set 1")
	got := text(t, r, TextOptions{})
	if n := strings.Count(got, "risk"); n != 3 {
		t.Errorf("%d findings, want 3:\n%s", n, got)
	}
	flat := strings.Join(strings.Fields(got), " ")
	for _, want := range []string{"and 17 more: PodDisruptionBudget team/app-1 (m.yaml:2), ", " and 5 others "} {
		if !strings.Contains(flat, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

// TestLongLists: assumptions and unsupported kinds are grouped with counts.
func TestLongLists(t *testing.T) {
	var r Report
	for i := range 30 {
		r.Assumed = append(r.Assumed, fmt.Sprintf("m.yaml:%d: Deployment app-%d: PriorityClass urgent is not in the manifests", i, i))
		r.Unsupported = append(r.Unsupported, fmt.Sprint("Widget team/w", i))
	}
	r.Assumed = append(r.Assumed, "The control plane detects a node failure after 50s.")
	r.Unsupported = append(r.Unsupported, "Gadget g")
	if got := r.assumptions(); len(got) != 2 || !strings.HasPrefix(got[0], "m.yaml:0: Deployment app-0: PriorityClass urgent is not in the manifests (and 29 more: Deployment app-1, ") || !strings.HasSuffix(got[0], " and 17 others)") {
		t.Errorf("%q", got)
	}
	if got := r.unsupported(); len(got) != 2 || got[0] != "Gadget g" || !strings.HasPrefix(got[1], "Widget (30): team/w0, ") {
		t.Errorf("%q", got)
	}
}

// TestHeadline: the first line is true, also without a requirement.
func TestHeadline(t *testing.T) {
	with := func(verdict string) Workload {
		w := Workload{Name: "Deployment " + verdict, Pods: 2}
		if verdict != Serves {
			w.Failures = []Worst{{Event: LoseNode, Target: "n", Effect: Effect{Verdict: verdict}}}
		}
		return w
	}
	for _, c := range []struct {
		name, want, colour string
		report             Report
	}{
		{"no workload", "0 workloads on 0 nodes: nothing to judge", warning, Report{Kept: true}},
		{"all serve", "2 workloads on 0 nodes: no single failure, drain or rollout interrupts a workload", good, Report{Kept: true, Workloads: []Workload{with(Serves), with(Serves)}}},
		{"some do not", "4 workloads on 0 nodes: 1 stays down, 1 is blocked, 2 are down for a time in one failure, drain or rollout", bad, Report{Kept: true, Workloads: []Workload{with(Recovers), with(Blocked), with(Stops), with(Recovers)}}},
		{"some recover", "1 workload on 0 nodes: 1 is down for a time in one failure, drain or rollout", warning, Report{Kept: true, Workloads: []Workload{with(Recovers)}}},
		{"rules only", "1 workload: 1 finding of the rules; no event was simulated", bad, Report{Kept: true, RulesOnly: true, Workloads: []Workload{with(Serves)}, Findings: []Finding{{}, {Ignored: "why"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.report.Summary(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := c.report.colour(); got != c.colour {
				t.Errorf("colour %s, want %s", got, c.colour)
			}
		})
	}
}

// TestOnlyFailing: what is fine is left out; the most severe comes first.
func TestOnlyFailing(t *testing.T) {
	r := Report{Kept: true, Scenarios: []Scenario{{Event: LoseNode}}, Assumed: []string{"An election takes 1s."}, Unsupported: []string{"Widget w"},
		Findings: []Finding{{Rule: "found", Object: "Service s"}, {Rule: "excused", Object: "Service s", Ignored: "why"}}}
	for _, verdict := range []string{Serves, Recovers, Stops} {
		w := Workload{Name: "Deployment " + strings.ReplaceAll(verdict, ", ", "-"), Pods: 2, Worst: []Worst{{Event: LoseNode, Target: "n", Effect: Effect{Verdict: verdict, Needs: 1}}}}
		if verdict != Serves {
			w.Failures = w.Worst
		}
		r.Workloads = append(r.Workloads, w)
	}
	all, some := text(t, r, TextOptions{}), text(t, r, TextOptions{OnlyFailing: true})
	for _, part := range []string{"Deployment serves", "excused", "Assumed:"} {
		if !strings.Contains(all, part) || strings.Contains(some, part) {
			t.Errorf("%q: want it only without the option:\n%s\n%s", part, all, some)
		}
	}
	for _, part := range []string{"Deployment stops ", "Deployment stops-returns", "found", "Widget w", "stays down: it does not serve until"} {
		if !strings.Contains(some, part) {
			t.Errorf("want %q in\n%s", part, some)
		}
	}
	if strings.Index(some, "Deployment stops ") > strings.Index(some, "Deployment stops-returns") {
		t.Errorf("the most severe is not first:\n%s", some)
	}
	if !slices.ContainsFunc(r.ordered(), func(w Workload) bool { return w.Name == "Deployment serves" }) {
		t.Error("a workload is missing")
	}
}

// TestDomainsOfNodes: the page shows every failure domain of a node, and draws the first kind if there are no zones.
func TestDomainsOfNodes(t *testing.T) {
	racks := []Domain{{Name: "rack", Label: "example.org/rack", Values: []string{"r1", "r2"}}}
	r := Report{Cluster: Cluster{Nodes: []Node{{Name: "n1", Domains: []string{"r1"}}, {Name: "n2", Domains: []string{"r2"}}}, Domains: racks}}
	if d := newDrawing(r, nil); !slices.Equal(d.Zones, []string{"r1", "r2"}) || d.Nodes[1].Zone != 1 || d.Nodes[1].In != "" {
		t.Errorf("racks without zones: %+v", d)
	}
	r.Cluster.Zones, r.Cluster.Nodes[1].Zone = []string{"z1"}, "z1"
	if d := newDrawing(r, nil); d.Nodes[0].Zone != -1 || d.Nodes[1].Zone != 0 || d.Nodes[1].In != "r2" {
		t.Errorf("racks in zones: %+v", d)
	}
	if got := page(t, r); !strings.Contains(got, `<th scope="col">Zone</th><th scope="col">Rack</th><th scope="col">Node</th>`) || !strings.Contains(got, "<td>z1</td><td>r2</td>") {
		t.Errorf("no column of racks")
	}
}
