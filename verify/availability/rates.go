// Package availability computes the expected availability of workloads and their cost. It takes assumed rates of failures,
// repairs and planned work, and the simulated placement and recovery of the pods.
//
// It is a model for comparisons, not for promises. LeftOut lists its limits.
package availability

import (
	"fmt"
	"time"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Rates are the assumed rates of failures and planned work, and the durations of their effects.
type Rates struct {
	// Node and Zone are the failures of each node and of each zone.
	Node Failures `yaml:"node"`
	Zone Failures `yaml:"zone"`
	// Drains are the planned drains of each node, for upgrades and other work.
	Drains Drains `yaml:"drains"`
	// Rollouts is the number of rollouts per year and workload.
	Rollouts float64 `yaml:"rollouts"`
	// Detection is the time until the control plane detects a node failure.
	Detection time.Duration `yaml:"detection"`
	// Start is the time from the end of a pod until its replacement is ready.
	Start time.Duration `yaml:"start"`
	// Election is the time from the loss of a leader until a standby has replaced it.
	Election time.Duration `yaml:"election"`

	// file is the file with the rates.
	file string
}

// Failures are the failures per year, and the time until a repair or replacement.
type Failures struct {
	PerYear float64       `yaml:"perYear"`
	Repair  time.Duration `yaml:"repair"`
}

// Drains are the drains per year, and the time for which the node is unavailable.
type Drains struct {
	PerYear float64       `yaml:"perYear"`
	Away    time.Duration `yaml:"away"`
}

// Default returns the default rates; Assumptions has their sources.
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

// Parse reads rates from the text of a file. Rates that are not in the file keep their defaults:
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
		if !(n.value >= 0 && n.value <= Year.Seconds()) { // both are false for NaN
			return Rates{}, fmt.Errorf("%s: %s: is out of range: want 0 or more, and a time of at most a year", file, n.key)
		}
	}
	return r, nil
}

// Year is 365 days.
const Year = 365 * 24 * time.Hour

// Assumption is a rate with its unit and source.
type Assumption struct {
	// Key is the key in a file of rates: "node.perYear".
	Key string `json:"key"`
	// Value is the rate with its unit: "1.2 a year", "6h".
	Value string `json:"value"`
	// Source is the publication, or the file of the rate.
	Source string `json:"source"`
}

// unpublished is the source of a rate without a publication.
const unpublished = "assumed: measure yours"

// Assumptions lists the rates, each with the source of its default, or the file that changes it.
//
// Dean 2008 is Jeff Dean's talk at Google I/O 2008 about the first year of a cluster of 1,800 servers.
func (r Rates) Assumptions() []Assumption {
	d := Default()
	all := []Assumption{
		{"node.perYear", number(r.Node.PerYear), "Dean 2008: ~1,000 failures, and ~20 racks of 40-80, of 1,800 servers"},
		{"node.repair", span(r.Node.Repair), "Dean 2008: racks are back in 1-6 h; SLAs allow 0.1% (GCE), 0.5% (EC2)"},
		{"zone.perYear", number(r.Zone.PerYear), "Dean 2008: ~1 power failure of a third or more, ~0.5 of all cooling"},
		{"zone.repair", span(r.Zone.Repair), "Dean 2008: ~6 h for power; 1-2 days for cooling"},
		{"drains.perYear", number(r.Drains.PerYear), "Kubernetes has a patch release a month"},
		{"drains.away", span(r.Drains.Away), unpublished},
		{"rollouts", number(r.Rollouts), unpublished},
		{"detection", span(r.Detection), "kube-controller-manager: --node-monitor-grace-period"},
		{"start", span(r.Start), unpublished},
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

// span formats a time without trailing zeros: 6h instead of 6h0m0s.
func span(d time.Duration) string {
	text := d.String()
	for _, zeros := range []string{"m0s", "h0m"} {
		if len(text) > len(zeros) && text[len(text)-len(zeros):] == zeros {
			text = text[:len(text)-2]
		}
	}
	return text
}

// LeftOut are the limits of the model. Most of them make its figures too good.
var LeftOut = []string{
	"correlated failures: a bad kernel, image or certificate on all nodes, a region, a network",
	"faults of the software and of its dependencies: registries, DNS, databases",
	"operator errors: a wrong value, a wrong command, a broken upgrade",
	"the control plane: while it is unavailable, no pod is replaced and Leases expire",
	"load: the remaining pods count as enough, whatever the load",
	"seconds: requests in flight to a failing pod, and the election inside a quorum",
	"data: the figures are about the service, not about the loss of data",
}
