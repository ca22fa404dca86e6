// Package availability says what share of the time a workload can be expected to serve, from stated rates at which nodes
// and zones fail and people work on them, and what the workload asks of the cluster for that.
//
// It is a model, and LeftOut says what it knows nothing of. It is good for comparing, not for promising.
package availability

import (
	"fmt"
	"time"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Rates say how often what happens, and how long it lasts.
type Rates struct {
	// Node and Zone are failures that nobody planned, of each node and of each zone.
	Node Failures `yaml:"node"`
	Zone Failures `yaml:"zone"`
	// Drains are planned work on each node: upgrades, and other reasons to empty it.
	Drains Drains `yaml:"drains"`
	// Rollouts is how often a year each workload gets another template.
	Rollouts float64 `yaml:"rollouts"`
	// Detection is how long it takes until the cluster knows that a node does not answer.
	Detection time.Duration `yaml:"detection"`
	// Start is how long it takes from the end of a pod until the one in its place is ready.
	Start time.Duration `yaml:"start"`
	// Election is how long nobody works when the one that does is lost, and others stand by.
	Election time.Duration `yaml:"election"`

	// file is the file that the rates were read from.
	file string
}

// Failures are how often something fails a year, and how long until it is repaired or replaced.
type Failures struct {
	PerYear float64       `yaml:"perYear"`
	Repair  time.Duration `yaml:"repair"`
}

// Drains are how often a year a node is drained, and how long it is away then.
type Drains struct {
	PerYear float64       `yaml:"perYear"`
	Away    time.Duration `yaml:"away"`
}

// Default are the rates unless others are stated; Assumptions has their sources.
func Default() Rates {
	return Rates{
		Node:      Failures{PerYear: 1.2, Repair: 6 * time.Hour},
		Zone:      Failures{PerYear: 0.5, Repair: 6 * time.Hour},
		Drains:    Drains{PerYear: 12, Away: 10 * time.Minute},
		Rollouts:  24,
		Detection: 50 * time.Second,
		Start:     30 * time.Second,
		Election:  15 * time.Second,
	}
}

// Parse reads rates from the text of a file; those that it does not say are the default ones:
//
//	node: {perYear: 2, repair: 1h}
//	drains: {perYear: 52, away: 5m}
//	start: 90s
//
// Errors name the file and the key.
func Parse(file string, text []byte) (Rates, error) {
	r := Default()
	if err := strict.Decode(file, text, &r); err != nil {
		return Rates{}, err
	}
	r.file = file
	for _, n := range []struct {
		key   string
		value float64
	}{
		{"node.perYear", r.Node.PerYear}, {"node.repair", r.Node.Repair.Seconds()},
		{"zone.perYear", r.Zone.PerYear}, {"zone.repair", r.Zone.Repair.Seconds()},
		{"drains.perYear", r.Drains.PerYear}, {"drains.away", r.Drains.Away.Seconds()},
		{"rollouts", r.Rollouts}, {"detection", r.Detection.Seconds()}, {"start", r.Start.Seconds()}, {"election", r.Election.Seconds()},
	} {
		if !(n.value >= 0 && n.value <= Year.Seconds()) { // neither is true of what is no number
			return Rates{}, fmt.Errorf("%s: %s: is out of range: want 0 or more, and no time longer than a year", file, n.key)
		}
	}
	return r, nil
}

// Year is 365 days.
const Year = 365 * 24 * time.Hour

// Assumption is a rate, for people.
type Assumption struct {
	// Key is its name in a file of rates: "node.perYear".
	Key string `json:"key"`
	// Value is the rate with its unit: "1.2 a year", "6h".
	Value string `json:"value"`
	// Source is who published it, or the file that said it.
	Source string `json:"source"`
}

// own is the source of a rate that nobody published.
const own = "assumed: measure yours"

// Assumptions lists the rates, each with its source: that of the default, or the file that changes it.
//
// Dean 2008 is Jeff Dean's talk at Google I/O 2008, on the first year of a cluster of 1,800 servers.
func (r Rates) Assumptions() []Assumption {
	d := Default()
	all := []Assumption{
		{"node.perYear", number(r.Node.PerYear), "Dean 2008: ~1,000 failures, and ~20 racks of 40-80, of 1,800 servers"},
		{"node.repair", span(r.Node.Repair), "Dean 2008: racks are back in 1-6 h; SLAs allow 0.1% (GCE), 0.5% (EC2)"},
		{"zone.perYear", number(r.Zone.PerYear), "Dean 2008: ~1 power failure of a third or more, ~0.5 of all cooling"},
		{"zone.repair", span(r.Zone.Repair), "Dean 2008: ~6 h for power; 1-2 days for cooling"},
		{"drains.perYear", number(r.Drains.PerYear), "Kubernetes has a patch release a month"},
		{"drains.away", span(r.Drains.Away), own},
		{"rollouts", number(r.Rollouts), own},
		{"detection", span(r.Detection), "kube-controller-manager: --node-monitor-grace-period"},
		{"start", span(r.Start), own},
		{"election", span(r.Election), "client-go: leases of 15 s"},
	}
	for i, was := range []any{d.Node.PerYear, d.Node.Repair, d.Zone.PerYear, d.Zone.Repair, d.Drains.PerYear, d.Drains.Away, d.Rollouts, d.Detection, d.Start, d.Election} {
		now := []any{r.Node.PerYear, r.Node.Repair, r.Zone.PerYear, r.Zone.Repair, r.Drains.PerYear, r.Drains.Away, r.Rollouts, r.Detection, r.Start, r.Election}[i]
		if was != now {
			all[i].Source = r.file
		}
	}
	return all
}

func number(n float64) string { return fmt.Sprintf("%g a year", n) }

// span is a time without the zeros at its end: 6h of 6h0m0s.
func span(d time.Duration) string {
	text := d.String()
	for _, zeros := range []string{"m0s", "h0m"} {
		if len(text) > len(zeros) && text[len(text)-len(zeros):] == zeros {
			text = text[:len(text)-2]
		}
	}
	return text
}

// LeftOut says what the model knows nothing of: reasons to doubt its figures, most of which make them too good.
var LeftOut = []string{
	"what fails together: a bad kernel, image or certificate everywhere, a region, a network",
	"faults of the software itself, and of what it depends on: registries, DNS, databases",
	"people: a wrong value, a wrong command, an upgrade that breaks something",
	"the control plane: while it is away nothing is replaced, and leases run out",
	"load: pods that are left count as enough, however much there is to do",
	"seconds: requests on their way to a pod that dies, and a quorum's own election",
	"data: whether it is still there is another question than whether it answers",
}
