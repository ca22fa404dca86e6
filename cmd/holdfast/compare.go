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

// comparison is what the profiles make of a stack, side by side.
type comparison struct {
	Stack string                    `json:"stack"`
	Rates []availability.Assumption `json:"rates"`
	// LeftOut are reasons to doubt the figures.
	LeftOut  []string          `json:"leftOut"`
	Profiles []comparedProfile `json:"profiles"`
}

// comparedProfile is a profile on the smallest cluster that it needs.
type comparedProfile struct {
	Name      string             `json:"name"`
	Nodes     int                `json:"nodes"`
	Zones     int                `json:"zones"`
	Cost      availability.Cost  `json:"cost"`
	Workloads []comparedWorkload `json:"workloads"`
	NotJudged []string           `json:"notJudged"`
}

// comparedWorkload is a workload that does not end by itself.
type comparedWorkload struct {
	Name        string `json:"name"`
	Replication string `json:"replication"`
	// Availability is the share of the time for which it serves, DownSeconds how long it does not in a year; left out
	// where that means nothing: a DaemonSet's pod serves its node.
	Availability *float64          `json:"availability,omitempty"`
	DownSeconds  *float64          `json:"downSeconds,omitempty"`
	Cost         availability.Cost `json:"cost"`
}

// compare renders a stack for each profile, plays what can happen to it, and says what that comes to in a year.
func (f *compareFlags) compare(ctx context.Context, stackName string, all []profile.Profile) (comparison, error) {
	result := comparison{Stack: stackName, LeftOut: availability.LeftOut}
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
		if err := s.Tell(nil); err != nil {
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
func expect(ctx context.Context, rates availability.Rates, p profile.Profile, s *workload.System) (comparedProfile, error) {
	result := comparedProfile{Name: p.Name, Zones: p.Needs.Zones, NotJudged: []string{}}
	c, err := cluster.Uniform(max(p.Needs.Nodes, p.Needs.Zones), p.Needs.Zones)
	if err != nil {
		return result, err
	}
	result.Nodes = len(c.Nodes)
	played, err := survival.Play(ctx, c, s)
	if err != nil {
		return result, err
	}
	for _, e := range availability.Expect(rates, c, s, played) {
		if e.Workload.Replication.Model == workload.Finite {
			continue // it ends, and asks for nothing more
		}
		w := comparedWorkload{Name: e.Workload.String(), Replication: string(e.Workload.Replication.Model), Cost: e.Cost}
		if e.Judged {
			up, down := 1-e.Down, e.Down*availability.Year.Seconds()
			w.Availability, w.DownSeconds = &up, &down
		}
		result.Workloads = append(result.Workloads, w)
		result.Cost = result.Cost.Add(e.Cost)
	}
	for _, o := range s.Unjudged {
		result.NotJudged = append(result.NotJudged, o.String())
	}
	return result, nil
}
