package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func page(t testing.TB, r Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var embedded = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)

// drawn is the input of the page's script.
func drawn(t testing.TB, html string) drawing {
	t.Helper()
	var d drawing
	found := embedded.FindStringSubmatch(html)
	if found == nil {
		t.Fatal("the page has no data")
	}
	if err := json.Unmarshal([]byte(found[1]), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func failedZone() Report {
	r := sample(LoseZone, "zone-2", Effect{Verdict: Stops, Pending: []string{"api-3: no capacity"}})
	r.Scenarios[1].Nodes = []string{"node-2"}
	r.Scenarios[1].Changes = []Change{{Pod: "api-2", Workload: "Deployment api", From: "node-2", Why: "its node fails"}, {Pod: "api-3", Workload: "Deployment api", Why: "no capacity"}}
	r.Assumed = []string{"Deployment api is stateless: one ready pod serves"}
	return r
}

// TestHTMLIsComplete: the page has every part of the report without its script.
func TestHTMLIsComplete(t *testing.T) {
	r := failedZone()
	r.Findings = []Finding{{Rule: "a-rule", File: "two.yaml", Line: 7, Object: "Deployment api", Message: "is wrong", Protects: "What is at stake.", Fix: "What to do."},
		{Rule: "b-rule", File: "two.yaml", Line: 9, Object: "Deployment api", Message: "is odd", Ignored: "for a reason"}}
	r.Unsupported = []string{"Database main"}
	r.Workloads[0].Guarantee = Guarantee{Node: Bounds{Healed: Bound{Pods: 2, Why: "no constraint"}}, Zone: &Bounds{Healed: Bound{Pods: 1, Why: "one per zone"}}}
	html := page(t, r)
	document := embedded.ReplaceAllString(html, "")
	for _, want := range []string{r.Summary(), r.requirement(), "node-2", "zone-2", "api-2", "becomes unavailable", "at worst 0 of 2 pods ready, 1 needed; 0 ready in the end", "api-3: no capacity",
		"2: no constraint", "1: one per zone", "two.yaml:7", "a-rule", "What is at stake.", "What to do.", "Ignored: for a reason", "Database main", "Deployment api is stateless: one ready pod serves"} {
		if !strings.Contains(document, want) {
			t.Errorf("the page does not contain %q", want)
		}
	}
	if again := page(t, r); again != html {
		t.Error("the same report gives a different page")
	}
}

// TestHTMLIsSelfContained: the page refers to nothing outside itself, and its policy allows its own style and script only.
func TestHTMLIsSelfContained(t *testing.T) {
	html := page(t, failedZone())
	for _, outside := range regexp.MustCompile(`(?:src|href|action)="[^#"d][^"]*"|="data:[^,]|@import|url\(|fetch\(`).FindAllString(html, -1) {
		t.Errorf("the page requests %s", outside)
	}
	rest := strings.Replace(html, "http://www.w3.org/2000/svg", "", 1) // the name of the SVG namespace, which is never fetched
	if i := strings.Index(rest, "http"); i >= 0 && !strings.HasPrefix(rest[i:], "http-equiv") {
		t.Errorf("the page contains an address: %s", rest[i:min(len(rest), i+60)])
	}
	for tag, directive := range map[string]string{"style": "style-src", "script": "script-src"} {
		body := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(html)
		if body == nil || !strings.Contains(strings.ReplaceAll(html, "&#43;", "+"), directive+" &#39;"+hash(body[1])+"&#39;") {
			t.Errorf("the policy does not allow the page's own %s", tag)
		}
	}
}

// hostile is a report with a name wherever names come from manifests.
func hostile(name string) Report {
	r := Report{Version: Version, Cluster: Cluster{Nodes: []Node{{Name: name, Zone: name}}, Zones: []string{name}}, Requirement: "zone",
		Workloads: []Workload{{Name: name, At: name, Replication: name, Why: name, Pods: 1, Needs: 1, Pending: []string{name},
			Worst: []Worst{{Event: "lose node", Target: name, Ignored: name, Effect: Effect{Verdict: Stops, Pending: []string{name}}}}}},
		Pods: []Pod{{name, name, name, false, name}, {Name: name, Workload: name, Why: name}},
		Scenarios: []Scenario{{Event: "rest", Verdict: Serves},
			{Event: "lose node", Target: name, Like: []string{name}, Nodes: []string{name}, Verdict: Stops, Blocked: name,
				Outcomes: []Outcome{{name, Effect{Verdict: Stops, Pending: []string{name}}}}, Changes: []Change{{name, name, name, name, name}}}},
		Findings: []Finding{{name, name, 1, name, name, name, name, name, "", "", name}, {name, name, 1, name, name, name, name, name, name, name, name}},
		Assumed:  []string{name}, Unsupported: []string{name}}
	w := &r.Workloads[0]
	w.Failures = w.Worst
	w.Worst = append(w.Worst, Worst{Event: "lose zone", Target: name, Effect: Effect{Verdict: Serves}, NotGuaranteed: &NotGuaranteed{Why: name, Fix: name}})
	r.Breaches = []Breach{{Workload: *w, Worst: w.Worst[0]}}
	return r
}

var tags = regexp.MustCompile(`<[a-zA-Z/!][^\s>]*`)

// FuzzHTML: no name in a manifest adds an element to the page, and the script reads the name unchanged.
func FuzzHTML(f *testing.F) {
	for _, name := range []string{"a", "</script><script>alert(1)</script>", "<!--<script>", `" onload="alert(1)`, "' x='", "{{.}}", "</style>", "\u2028", "&lt;", "]]>", "javascript:alert(1)", "\\u003c", "\x00", "a, b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		name = "a" + name // names are not empty
		plain, html := page(t, hostile("a")), page(t, hostile(name))
		if want, got := tags.FindAllString(plain, -1), tags.FindAllString(html, -1); fmt.Sprint(want) != fmt.Sprint(got) {
			t.Fatalf("%q changes the elements of the page", name)
		}
		// JSON replaces bytes that are not valid UTF-8.
		if got, want := drawn(t, html).Nodes[0].Name, strings.ToValidUTF8(name, "\ufffd"); got != want && !strings.Contains(want, "\ufffd") {
			t.Fatalf("the script reads %q for %q", got, name)
		}
	})
}

// TestDrawing: indexes in the data refer to the right names.
func TestDrawing(t *testing.T) {
	d := drawn(t, page(t, failedZone()))
	s := d.Scenarios[1]
	if d.Nodes[s.Failed[0]].Name != "node-2" || d.Zones[d.Nodes[1].Zone] != "zone-2" || len(s.Drained) > 0 {
		t.Errorf("%+v of %+v", s, d.Nodes)
	}
	if c := s.Changes[0]; d.Texts[c[0]] != "api-2" || d.Workloads[c[1]].Name != "Deployment api" || c[2] != 1 || c[3] != -1 || d.Texts[c[4]] != "its node fails" {
		t.Errorf("%v", c)
	}
	if o := s.Outcomes[0]; d.Workloads[o[0]].Name != "Deployment api" || d.Texts[o[1]] != "stops" || d.Texts[o[2]] != "becomes unavailable" || !slices.Equal(o[3:7], []int{2, 0, 0, 1}) || d.Texts[o[7]] != "api-3: no capacity" {
		t.Errorf("%v of %q", o, d.Texts)
	}
	if p := d.Pods[3]; d.Workloads[p.Workload].Name != "DaemonSet logs" || d.Nodes[p.Node].Name != "node-2" {
		t.Errorf("%+v", p)
	}
}

// TestMarks: no two workloads share a letter, and no two of the first forty share colour and shape.
func TestMarks(t *testing.T) {
	letters, looks := map[string]bool{}, map[string]bool{}
	for i := range 1000 {
		m := newMark(i)
		look := fmt.Sprint(m.Colour, m.Shape)
		if letters[m.Letter] || i < colours*shapes && looks[look] {
			t.Errorf("%d has %+v like another workload", i, m)
		}
		letters[m.Letter], looks[look] = true, true
	}
}

// TestPlacesOfLargeClusters: nodes with the same pods share a row, and no node is left out.
func TestPlacesOfLargeClusters(t *testing.T) {
	r := Report{Workloads: []Workload{{Name: "Deployment api"}, {Name: "DaemonSet logs"}}, Cluster: Cluster{Zones: []string{"zone-0", "zone-1", "zone-2"}}}
	for i := range 5000 {
		node := Node{Name: fmt.Sprintf("node-%04d", i), Zone: fmt.Sprint("zone-", i%3)}
		r.Cluster.Nodes = append(r.Cluster.Nodes, node)
		r.Pods = append(r.Pods, Pod{Name: "logs-" + node.Name, Workload: "DaemonSet logs", Node: node.Name})
		if i < 4 {
			r.Pods = append(r.Pods, Pod{Name: "api-" + node.Name, Workload: "Deployment api", Node: node.Name})
		}
	}
	rows, nodes := places(r, nil), 0
	for _, row := range rows {
		nodes += 1 + row.More
	}
	if len(rows) != 6 || nodes != 5000 {
		t.Errorf("%d rows for %d nodes: want 6 for 5000", len(rows), nodes)
	}
}
