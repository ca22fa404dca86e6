package agreement

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Check is one comparison.
type Check struct {
	// Event is one of the events below, Target the node, zone or workload.
	Event  string `json:"event"`
	Target string `json:"target,omitempty"`
	// Verify is the prediction of holdfast verify, Real the outcome on the control plane.
	Verify string `json:"verify"`
	Real   string `json:"real"`
	// Proven: by verify, every workload serves through the event wherever the scheduler places the pods, and the event ends.
	Proven bool `json:"proven,omitempty"`
	// Tie explains a difference that is a random choice between equals, or an order of events that verify names; otherwise "".
	Tie string `json:"lot,omitempty"`
}

// Agrees reports whether both are the same.
func (c Check) Agrees() bool { return c.Verify == c.Real }

// Greener reports whether verify predicts a better outcome: an end that does not come, or more ready pods of a workload. A tie counts only if verify
// calls the outcome proven, because other predictions hold for one placement.
func (c Check) Greener() bool {
	if c.Proven && (c.Event == Drain || c.Event == Rollout) && !strings.HasPrefix(c.Real, Ends) || c.Proven && c.Event == Placement && pendingPods(c.Real) > 0 {
		return true
	}
	if c.Tie != "" {
		return false
	}
	if strings.HasPrefix(c.Verify, Ends) && !strings.HasPrefix(c.Real, Ends) {
		return true
	}
	predicted, outcome := readyPods(c.Verify), readyPods(c.Real)
	for i, n := range predicted {
		if i < len(outcome) && n > outcome[i] {
			return true
		}
	}
	return false
}

// counts are the numbers of ready and Pending pods in an outcome.
var counts = regexp.MustCompile(`(\d+)\+(\d+)`)

// pendingPods returns the number of Pending pods in an outcome.
func pendingPods(outcome string) (sum int) {
	for _, match := range counts.FindAllStringSubmatch(outcome, -1) {
		n, _ := strconv.Atoi(match[2]) // digits
		sum += n
	}
	return sum
}

// readyPods returns the numbers of ready pods in an outcome, by workload.
func readyPods(outcome string) (all []int) {
	for _, match := range counts.FindAllStringSubmatch(outcome, -1) {
		n, err := strconv.Atoi(match[1])
		if err == nil {
			all = append(all, n)
		}
	}
	return all
}

// The events.
const (
	Placement   = "placed"
	Running     = "runs"
	PodsOnNode  = "pods on a node"
	PodsInZone  = "pods in a zone"
	Drain       = "drain"
	Rollout     = "roll"
	NodeFailure = "node lost"
	ZoneFailure = "zone lost"
)

// events describe the comparisons, in the order of the page. Name is the value in the data.
var events = []struct{ name, title, about string }{
	{Placement, "placement", "numbers of scheduled and Pending pods of each workload, when all are created at once"},
	{Running, "running pods", "the same numbers, predicted from the placement of running pods"},
	{PodsOnNode, "pods on a node", "number of pods of each workload that remain right after the power loss of a node"},
	{PodsInZone, "pods in a zone", "the same for a zone"},
	{Drain, "node drain", "whether `kubectl drain` ends; numbers of ready and Pending pods of each workload afterwards"},
	{Rollout, "rollout", "whether the rollout of a new template ends; numbers of ready and Pending pods afterwards"},
	{NodeFailure, "node failure", "the node's heartbeat stops; numbers of ready and Pending pods in the new steady state"},
	{ZoneFailure, "zone failure", "the same for all nodes of a zone"},
}

// Case is a system and the comparisons on it. About has one element for a golden case, and more for a random system.
type Case struct {
	Name  string   `json:"name"`
	About []string `json:"about"`
	// Kubernetes is the version of the control plane.
	Kubernetes string `json:"kubernetes"`
	// Digest is the digest of a golden case's objects: see cases.Digest.
	Digest string  `json:"digest,omitempty"`
	Checks []Check `json:"checks"`
}

// Table has all comparisons.
type Table struct {
	Date  string `json:"date"`
	Seed  uint64 `json:"seed"`
	Cases []Case `json:"cases"`

	lock sync.Mutex
}

// Add adds a case. It may be called concurrently.
func (t *Table) Add(c Case) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.Cases = append(t.Cases, c)
}

// The files in docs/evidence: data, and the page written from it.
const (
	data = "agreement.json"
	page = "agreement.md"
)

// Read reads the table from a folder.
func Read(dir string) (*Table, error) {
	t := &Table{}
	text, err := os.ReadFile(filepath.Join(dir, data))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, data), err)
	}
	return t, nil
}

// Write writes the cases of a version of Kubernetes into a folder: agreement.json, and the page agreement.md. Cases of other versions in the
// folder stay, and so do golden cases after a run of random systems alone, and the reverse.
func (t *Table) Write(dir, version string) error {
	for i := range t.Cases {
		t.Cases[i].Kubernetes = version
	}
	if before, err := Read(dir); err == nil && before.Seed == t.Seed {
		measured := slices.Clone(t.Cases)
		t.Cases = append(t.Cases, slices.DeleteFunc(before.Cases, func(c Case) bool {
			again := slices.ContainsFunc(measured, func(m Case) bool { return m.random() == c.random() })
			return c.Kubernetes == version && again || c.Kubernetes == ""
		})...)
	}
	slices.SortFunc(t.Cases, func(a, b Case) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kubernetes, b.Kubernetes))
	})
	text, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, data), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, page), t.Markdown(), 0o644)
}

// Short returns the table as a few sentences.
func (t *Table) Short() string {
	all, agree := 0, 0
	for _, c := range t.Cases {
		for _, check := range c.Checks {
			all++
			if check.Agrees() {
				agree++
			}
		}
	}
	ties := ""
	switch {
	case agree == all-1:
		ties = " The other one is a tie: another choice among equal nodes or pods, or another order of events that verify names."
	case agree < all:
		ties = " The others are ties: another choice among equal nodes or pods, or another order of events that verify names."
	}
	return fmt.Sprintf("On %s, "+comparison+" in %d of %d comparisons: placement, %d drains, %d rollouts, node and zone failures.%s Verify was greener than the cluster in %d.",
		t.systems(), agree, all, len(t.of(Drain)), len(t.of(Rollout)), ties, t.greener())
}

// comparison is the part of Short with which a test finds the sentence in other pages.
const comparison = "verify and a real control plane agreed"

// systems describes the compared systems.
func (t *Table) systems() string {
	random, golden := map[string]bool{}, map[string]bool{}
	for _, c := range t.Cases {
		if c.random() {
			random[c.Name] = true
		} else {
			golden[c.Name] = true
		}
	}
	text := fmt.Sprintf("%d random systems", len(random))
	if len(golden) > 0 {
		text += fmt.Sprintf(" and %d golden cases", len(golden))
	}
	return text
}

// versions lists the versions of Kubernetes, with the number of cases compared on each.
func (t *Table) versions() string {
	on := map[string]int{}
	for _, c := range t.Cases {
		on[c.Kubernetes]++
	}
	var all []string
	for _, version := range slices.Sorted(maps.Keys(on)) {
		all = append(all, fmt.Sprintf("%s (%d cases)", version, on[version]))
	}
	return strings.Join(all, " and ")
}

// proven counts the drains, rollouts and placements that verify calls proven, and the systems with such events.
func (t *Table) proven() (events, systems int) {
	names := map[string]bool{}
	for _, c := range t.Cases {
		for _, check := range c.Checks {
			if check.Proven {
				events++
				names[c.Name] = true
			}
		}
	}
	return events, len(names)
}

// greener counts the comparisons in which verify is greener than the cluster.
func (t *Table) greener() int {
	n := 0
	for _, c := range t.Cases {
		for _, check := range c.Checks {
			if check.Greener() {
				n++
			}
		}
	}
	return n
}

func (c Case) random() bool { return len(c.About) > 1 }

// Markdown returns the table as a page.
func (t *Table) Markdown() []byte {
	var out bytes.Buffer
	provenEvents, provenSystems := t.proven()
	fmt.Fprintf(&out, `<!-- Code generated by make agreement; DO NOT EDIT. -->
# Agreement between verify and a control plane

Compared on %s (seed %d), each on its own nodes. Golden cases are installed by Helm on the smallest cluster of their profile.
API server, controllers and scheduler are those of Kubernetes %s; the nodes are simulated by kwok and run no containers. Date: %s.
Before each event, verify predicted the outcome from the pods on the cluster.

Comparisons in which verify is greener than the cluster: **%d**. Greener is a predicted end that does not come, or more ready pods of a workload.
%d placements, drains and rollouts in %d systems were *proven* before: no choice of the scheduler may block them.

| event | comparison | compared | agree | tie |
|---|---|--:|--:|--:|
`, t.systems(), t.Seed, t.versions(), t.Date, t.greener(), provenEvents, provenSystems)
	for _, e := range events {
		compared, agree, ties := 0, 0, 0
		for _, check := range t.of(e.name) {
			compared++
			switch {
			case check.Agrees():
				agree++
			case check.Tie != "":
				ties++
			}
		}
		fmt.Fprintf(&out, "| %s | %s | %d | %d | %d |\n", e.title, e.about, compared, agree, ties)
	}
	out.WriteString(`
The scheduler chooses at random between equal nodes, and a controller between equal pods. Controllers race for the last of a quota, and a new pod races
with the end of its webhook's last pod. A *tie* is a different outcome that verify names for another order of events, or confirms: from the placement after
the event, it predicts the same state as the control plane. A worse outcome in which the API server refuses pods is only a tie if verify names it.

Drains and rollouts that ended:

| event | ends | blocked |
|---|--:|--:|
`)
	for _, e := range []struct{ name, title string }{{Drain, "node drain"}, {Rollout, "rollout"}} {
		ends := 0
		all := t.of(e.name)
		for _, check := range all {
			if strings.HasPrefix(check.Real, Ends) {
				ends++
			}
		}
		fmt.Fprintf(&out, "| %s | %d | %d |\n", e.title, ends, len(all)-ends)
	}
	out.WriteString("\n## Ties\n\nNumbers are ready + Pending pods.\n\n| system | Kubernetes | event | predicted | outcome | tie |\n|---|---|---|---|---|---|\n")
	for _, c := range t.Cases {
		for _, check := range c.Checks {
			if !check.Agrees() && check.Tie != "" {
				fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", c.Name, c.Kubernetes, strings.TrimSpace(check.Event+" "+check.Target), check.Verify, check.Real, check.Tie)
			}
		}
	}
	out.WriteString("\n## Random systems\n\n")
	for _, c := range t.Cases {
		if line := fmt.Sprintf("- %s: %s\n", c.Name, strings.Join(c.About, "; ")); c.random() && !bytes.Contains(out.Bytes(), []byte(line)) {
			out.WriteString(line)
		}
	}
	return out.Bytes()
}

// Ends begins the outcome of a drain or rollout that ends.
const Ends = "ends"

// of returns all checks of an event.
func (t *Table) of(event string) []Check {
	var all []Check
	for _, c := range t.Cases {
		for _, check := range c.Checks {
			if check.Event == event {
				all = append(all, check)
			}
		}
	}
	return all
}
