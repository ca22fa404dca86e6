package main

import (
	"context"
	"fmt"
	"os"

	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/verify/availability"
	"github.com/holdfast-ha/holdfast/verify/workload"
	"github.com/spf13/cobra"
)

// compareFlags are the flags of profiles --compare.
type compareFlags struct {
	values valuesFlags
	rates  string
}

func (f *compareFlags) add(cmd *cobra.Command) {
	f.values.addValues(cmd)
	cmd.Flags().StringVar(&f.rates, "rates", "", "with --compare: file with failure rates that replace the assumed ones")
	requires(cmd, "compare", "values", "set", "set-string", "rates")
}

// compare renders a stack under each profile and compares the expected availability and the cost.
func (f *compareFlags) compare(ctx context.Context, stackName string) (availability.Comparison, error) {
	rates, err := f.readRates()
	if err != nil {
		return availability.Comparison{}, err
	}
	options := render.Options{Release: "events", Namespace: "default"}
	c, err := f.values.load([]string{stackName}, &options)
	if err != nil {
		return availability.Comparison{}, err
	}
	var variants []availability.Variant
	for _, p := range c.Profiles {
		objects, err := renderedObjects(c, options.WithProfile(p.Name))
		if err != nil {
			return availability.Comparison{}, fmt.Errorf("profile %s: %w", p.Name, err)
		}
		system, err := workload.Read(objects)
		if err != nil {
			return availability.Comparison{}, otherError{err}
		}
		if err := system.SetReplication(nil); err != nil {
			return availability.Comparison{}, err
		}
		smallest, err := smallestCluster(p)
		if err != nil {
			return availability.Comparison{}, otherError{err}
		}
		variants = append(variants, availability.Variant{Profile: p.Name, Cluster: smallest, System: system})
	}
	result, err := availability.Compare(ctx, stackName, rates, variants)
	if err != nil {
		return availability.Comparison{}, otherError{err}
	}
	return result, nil
}

// readRates reads the file of rates, or returns the default rates.
func (f *compareFlags) readRates() (availability.Rates, error) {
	if f.rates == "" {
		return availability.Default(), nil
	}
	text, err := os.ReadFile(f.rates)
	if err != nil {
		return availability.Rates{}, err
	}
	return availability.Parse(f.rates, text)
}
