package availability

import (
	"context"
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// ComparisonVersion is the version of a comparison's JSON.
const ComparisonVersion = 1

// Comparison is the expected availability and the cost of a stack under several profiles, side by side.
type Comparison struct {
	// Version is 1. It changes when a key is removed or changes its meaning.
	Version int `json:"version"`
	// Stack is the name of the stack, or its file.
	Stack string `json:"stack"`
	// Rates are the assumed rates of failures, repairs and planned work.
	Rates []Assumption `json:"rates"`
	// LeftOut are the limits of the model.
	LeftOut []string `json:"leftOut"`
	// Profiles are all profiles, from the fewest to the most failures survived.
	Profiles []ComparedProfile `json:"profiles"`
}

// ComparedProfile is a profile on the smallest cluster that it needs.
type ComparedProfile struct {
	// Name is the name of the profile.
	Name string `json:"name"`
	// Nodes is the number of nodes of the cluster.
	Nodes int `json:"nodes"`
	// Zones is the number of zones of the cluster; 0: its nodes are in no zone.
	Zones int `json:"zones"`
	// Domains are the kinds of failure domain beyond node and zone, such as rack. Their failures are not in the figures.
	Domains []string `json:"domains,omitempty"`
	// Cost is the cost of all its workloads.
	Cost Cost `json:"cost"`
	// Workloads are the long-running workloads, ordered by namespace and name.
	Workloads []ComparedWorkload `json:"workloads"`
	// Unsupported are objects of unsupported kinds: the pods they create are not in this comparison.
	Unsupported []string `json:"notJudged"`
}

// ComparedWorkload is a long-running workload.
type ComparedWorkload struct {
	// Name is kind, namespace and name of its object.
	Name string `json:"name"`
	// Replication is the replication model of its pods, as in the report of verify.
	Replication string `json:"replication"`
	// Availability is the share of the time in which it serves, 0 to 1; absent for a DaemonSet, whose pods serve their own nodes.
	Availability *float64 `json:"availability,omitempty"`
	// DownSeconds is the expected downtime in a year of 365 days; absent where availability is.
	DownSeconds *float64 `json:"downSeconds,omitempty"`
	// Cost is the sum of the requests of its pods.
	Cost Cost `json:"cost"`
}

// Variant is a system as one profile renders it, and the cluster to place it on.
type Variant struct {
	Profile string
	Cluster cluster.Cluster
	// System has the replication of its workloads set.
	System *workload.System
}

// Compare simulates the variants of a stack on their clusters, and computes the expected availability and the cost of each.
func Compare(ctx context.Context, stack string, rates Rates, variants []Variant) (Comparison, error) {
	result := Comparison{Version: ComparisonVersion, Stack: stack, Rates: rates.Assumptions(), LeftOut: LeftOut}
	for _, v := range variants {
		compared, err := v.compare(ctx, rates)
		if err != nil {
			return Comparison{}, fmt.Errorf("profile %s: %w", v.Profile, err)
		}
		result.Profiles = append(result.Profiles, compared)
	}
	return result, nil
}

func (v Variant) compare(ctx context.Context, rates Rates) (ComparedProfile, error) {
	simulated, err := survival.Simulate(ctx, v.Cluster, v.System)
	if err != nil {
		return ComparedProfile{}, err
	}
	result := ComparedProfile{Name: v.Profile, Nodes: len(v.Cluster.Nodes), Zones: len(v.Cluster.Zones()), Unsupported: []string{}}
	for _, d := range v.Cluster.Domains {
		result.Domains = append(result.Domains, d.Name)
	}
	for _, e := range Expect(rates, v.Cluster, v.System, simulated) {
		if e.Workload.Replication.Model == workload.Finite {
			continue // it runs to completion
		}
		w := ComparedWorkload{Name: e.Workload.String(), Replication: e.Workload.Replication.String(), Cost: e.Cost}
		if e.HasDown {
			up, down := 1-e.Down, e.Down*Year.Seconds()
			w.Availability, w.DownSeconds = &up, &down
		}
		result.Workloads = append(result.Workloads, w)
		result.Cost = result.Cost.Add(e.Cost)
	}
	for _, o := range v.System.Unsupported {
		result.Unsupported = append(result.Unsupported, o.String())
	}
	return result, nil
}
