// Package report says what was found, to people and to programs.
package report

import (
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Version is that of the report's JSON; it changes when a field is taken away or means something else.
const Version = 1

// Claims are what manifests can be held to: that no loss of a node, or of a zone, stops a workload.
var Claims = []string{"node", "zone"}

// Report is all that is said of manifests on a cluster.
type Report struct {
	Version int `json:"version"`
	// Nodes and Zones are how many there are.
	Nodes int `json:"nodes"`
	Zones int `json:"zones"`
	// Claim is what should survive, "node" or "zone"; "" if nothing is claimed. Kept tells whether it does.
	Claim     string     `json:"claim,omitempty"`
	Kept      bool       `json:"kept"`
	Workloads []Workload `json:"workloads"`
	Findings  []Finding  `json:"findings"`
	// NotJudged are objects of kinds that nothing is known of: what they make is in none of this.
	NotJudged []string `json:"notJudged"`
}

// Workload is what losses do to a workload.
type Workload struct {
	Name        string `json:"name"`
	At          string `json:"at"`
	Replication string `json:"replication"`
	// Assumed: nobody said how it replicates; Why is what it was taken from.
	Assumed bool   `json:"assumed"`
	Why     string `json:"why"`
	// Pods is how many it should have, Waiting why some find no node before anything is lost.
	Pods    int      `json:"pods"`
	Waiting []string `json:"waiting"`
	// Node and Zone are the worst that the loss of one does; nil if there is none to lose.
	Node *Worst `json:"node,omitempty"`
	Zone *Worst `json:"zone,omitempty"`
}

// The verdicts, from the best to the worst.
const (
	Serves  = "serves"         // enough pods are left at every moment
	Returns = "stops, returns" // it stops, and serves again while what was lost is still away
	Stops   = "stops"          // until what was lost is back, or somebody helps
)

// Worst is the worst that losses of one kind do, and the loss that shows it.
type Worst struct {
	Verdict string `json:"verdict"`
	// Loss is the counterexample, "node-1", with the pods left at once, those after replacement, and those needed.
	Loss    string   `json:"loss,omitempty"`
	Left    int      `json:"left"`
	After   int      `json:"after"`
	Needs   int      `json:"needs"`
	Waiting []string `json:"waiting,omitempty"`
}

// Finding is a fault that a rule found.
type Finding struct {
	Rule    string `json:"rule"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Object  string `json:"object"`
	Message string `json:"message"`
	// Protects says what is at stake, Fix what to do.
	Protects string `json:"protects"`
	Fix      string `json:"fix"`
	// Ignored is the reason that the object gives; the finding does not count then.
	Ignored string `json:"ignored,omitempty"`
}

// New puts together what was found.
func New(c cluster.Cluster, claim string, s *workload.System, findings []rules.Finding, played survival.Result) Report {
	rest := played.Scenarios[0]
	r := Report{Version: Version, Nodes: len(c.Nodes), Zones: len(c.Zones()), Claim: claim, Kept: true,
		Workloads: []Workload{}, Findings: []Finding{}, NotJudged: []string{}}
	for i, w := range s.Workloads {
		row := Workload{Name: w.String(), At: w.Object.At(), Replication: string(w.Replication.Model), Assumed: w.Replication.Assumed, Why: w.Replication.Why,
			Pods: rest.Outcomes[i].Pods, Waiting: append([]string{}, rest.Outcomes[i].Waits...)}
		for _, l := range played.Scenarios {
			worst := map[survival.Event]**Worst{survival.LoseNode: &row.Node, survival.LoseZone: &row.Zone}[l.Event]
			if worst == nil {
				continue
			}
			if now := judge(l, l.Outcomes[i]); *worst == nil || severity(now) > severity(**worst) {
				*worst = &now
			}
		}
		if hold := map[string]*Worst{"node": row.Node, "zone": row.Zone}[claim]; hold != nil && hold.Verdict != Serves {
			r.Kept = false
		}
		r.Kept = r.Kept && (claim == "" || len(row.Waiting) == 0)
		r.Workloads = append(r.Workloads, row)
	}
	for _, f := range findings {
		r.Findings = append(r.Findings, Finding{Rule: f.Rule.ID, File: f.Object.File, Line: f.Line(), Object: f.Object.String(), Message: f.Message,
			Protects: f.Rule.Protects, Fix: f.Rule.Fix, Ignored: f.Ignored})
	}
	for _, o := range s.Unjudged {
		r.NotJudged = append(r.NotJudged, o.String())
	}
	return r
}

func judge(l survival.Scenario, o survival.Outcome) Worst {
	w := Worst{Verdict: Stops, Loss: l.Target, Left: o.Least, After: o.After, Needs: o.Needs, Waiting: o.Waits}
	switch {
	case o.Serves():
		return Worst{Verdict: Serves, Left: o.Least, After: o.After, Needs: o.Needs}
	case o.Recovers():
		w.Verdict = Returns
	}
	return w
}

func severity(w Worst) int { return map[string]int{Serves: 0, Returns: 1, Stops: 2}[w.Verdict] }

// Fine tells whether nothing is to be mended: the claim is kept, and no finding counts.
func (r Report) Fine() bool {
	for _, f := range r.Findings {
		if f.Ignored == "" {
			return false
		}
	}
	return r.Kept
}
