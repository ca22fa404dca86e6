package main

import (
	"context"
	"fmt"
	"maps"
	"os"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/verify/availability"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
	"github.com/spf13/cobra"
)

// compareFlags are those of a comparison of the profiles.
type compareFlags struct {
	values valuesFlags
	rates  string
}

// compareNames are the flags that are for a comparison alone.
var compareNames = []string{"values", "set", "set-string", "rates"}

func (f *compareFlags) add(cmd *cobra.Command) {
	f.values.addValues(cmd)
	cmd.Flags().StringVar(&f.rates, "rates", "", "with --compare: file with other rates of failures than the ones assumed")
}

// comparisonVersion is that of the JSON.
const comparisonVersion = 1

// Comparison is what the profiles make of a stack, side by side.
type Comparison struct {
	// Version is 1. It changes when a key is taken away or means something else.
	Version int `json:"version"`
	// Stack is its name, or its file.
	Stack string `json:"stack"`
	// Rates are those by which things fail, are repaired and are worked on.
	Rates []availability.Assumption `json:"rates"`
	// LeftOut are reasons to doubt the figures.
	LeftOut []string `json:"leftOut"`
	// Profiles are all profiles, from the least to the most survived.
	Profiles []ComparedProfile `json:"profiles"`
}

// ComparedProfile is a profile on the smallest cluster that it needs.
type ComparedProfile struct {
	// Name is the profile's.
	Name string `json:"name"`
	// Nodes is how many the cluster has.
	Nodes int `json:"nodes"`
	// Zones is in how many zones these are; 0 if in none.
	Zones int `json:"zones"`
	// Cost is that of all its workloads.
	Cost availability.Cost `json:"cost"`
	// Workloads are those that do not end by themselves, ordered by namespace and name.
	Workloads []ComparedWorkload `json:"workloads"`
	// NotJudged are objects of kinds that nothing is known of: what they make is in none of this.
	NotJudged []string `json:"notJudged"`
}

// ComparedWorkload is a workload that does not end by itself.
type ComparedWorkload struct {
	// Name is kind, namespace and name of its object.
	Name string `json:"name"`
	// Replication is how its pods stand to each other, as in the report of verify.
	Replication string `json:"replication"`
	// Availability is the share of the time for which it serves, 0 to 1; left out where that means nothing: a DaemonSet's pod serves its node.
	Availability *float64 `json:"availability,omitempty"`
	// DownSeconds is for how long it does not serve in a year of 365 days; left out where availability is.
	DownSeconds *float64 `json:"downSeconds,omitempty"`
	// Cost is what its pods ask for.
	Cost availability.Cost `json:"cost"`
}

// compare renders a stack for each profile, plays what can happen to it, and says what that comes to in a year.
func (f *compareFlags) compare(ctx context.Context, stackName string, all []profile.Profile) (Comparison, error) {
	result := Comparison{Version: comparisonVersion, Stack: stackName, LeftOut: availability.LeftOut}
	rates, err := f.readRates()
	if err != nil {
		return result, err
	}
	result.Rates = rates.Assumptions(f.rates)
	var options render.Options
	c, err := f.values.load([]string{stackName}, &options)
	if err != nil {
		return result, err
	}
	options.Release, options.Namespace = "events", "default"
	for _, p := range all {
		with := options
		with.Values = maps.Clone(options.Values)
		with.Values["profile"] = p.Name
		objects, err := renderedObjects(c, with)
		if err != nil {
			return result, fmt.Errorf("profile %s: %w", p.Name, err)
		}
		s, err := workload.Read(objects)
		if err != nil {
			return result, otherError{err}
		}
		if err := s.SetReplication(nil); err != nil {
			return result, err
		}
		compared, err := expect(ctx, rates, p, s)
		if err != nil {
			return result, otherError{fmt.Errorf("profile %s: %w", p.Name, err)}
		}
		result.Profiles = append(result.Profiles, compared)
	}
	return result, nil
}

// readRates are the default ones unless there is a file.
func (f *compareFlags) readRates() (availability.Rates, error) {
	if f.rates == "" {
		return availability.Default(), nil
	}
	said, err := os.ReadFile(f.rates)
	if err != nil {
		return availability.Rates{}, err
	}
	return availability.Parse(f.rates, said)
}

// expect plays a profile's system on the smallest cluster for it.
func expect(ctx context.Context, rates availability.Rates, p profile.Profile, s *workload.System) (ComparedProfile, error) {
	result := ComparedProfile{Name: p.Name, Zones: p.Needs.Zones, NotJudged: []string{}}
	c, err := cluster.Uniform(max(p.Needs.Nodes, p.Needs.Zones), p.Needs.Zones)
	if err != nil {
		return result, err
	}
	result.Nodes = len(c.Nodes)
	played, err := survival.Simulate(ctx, c, s)
	if err != nil {
		return result, err
	}
	for _, e := range availability.Expect(rates, c, s, played) {
		if e.Workload.Replication.Model == workload.Finite {
			continue // it ends, and asks for nothing more
		}
		w := ComparedWorkload{Name: e.Workload.String(), Replication: string(e.Workload.Replication.Model), Cost: e.Cost}
		if e.Judged {
			up, down := 1-e.Down, e.Down*availability.Year.Seconds()
			w.Availability, w.DownSeconds = &up, &down
		}
		result.Workloads = append(result.Workloads, w)
		result.Cost = result.Cost.Add(e.Cost)
	}
	for _, o := range s.Unsupported {
		result.NotJudged = append(result.NotJudged, o.String())
	}
	return result, nil
}
