// Package verify reports what manifests survive on a cluster: the failure of a node, of a zone or of another failure domain,
// drains, rollouts, and faults that no API server refuses.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/apiserver"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/config"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/maintenance"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/models"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Input is what Run verifies. Only Objects and Cluster must be set.
type Input struct {
	// Objects are the manifests.
	Objects []*manifest.Object
	// Cluster is the cluster on which their pods are placed. The failure domains of the requirement are added to it.
	Cluster cluster.Cluster
	// Requirement is what every workload must survive. If it is empty, the requirement of Config applies.
	Requirement verdict.Requirement
	// Config has the replication of workloads, detection time and version of the control plane, and the ignored rules. Run does
	// not read its cluster. A version in Cluster takes precedence.
	Config *config.Config
	// Baseline is an earlier report of the same manifests. Its findings and breaches do not count again.
	Baseline *report.Report
	// RulesOnly checks the rules and simulates nothing. There is no requirement then.
	RulesOnly bool
	// Progress is called before each step with a phrase like "checking the rules" or "lose zone zone-2, 14 of 210".
	Progress func(step string)
}

// SimulationError is a fault of the simulation, or a canceled context. Any other error of Run is about its input; for a system that
// is too large it is a survival.TooLargeError.
type SimulationError struct{ err error }

func (e SimulationError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e SimulationError) Unwrap() error { return e.err }

// Run returns the report of the input. The same input gives the same report.
func Run(ctx context.Context, in Input) (report.Report, error) {
	system, c, requirement, err := read(&in)
	if err != nil {
		return report.Report{}, err
	}
	r, err := decide(ctx, in, requirement, verdict.Evidence{Cluster: c, System: system, Findings: rules.Check(system, c)})
	if err != nil {
		return r, err
	}
	r = verdict.Ignore(r, in.Config.Ignores)
	if in.Baseline != nil {
		r = verdict.Since(r, *in.Baseline)
	}
	return r, nil
}

// read validates the input and reads its workloads, its cluster with the failure domains of the requirement, and the requirement.
func read(in *Input) (*workload.System, cluster.Cluster, verdict.Requirement, error) {
	if in.Config == nil {
		in.Config = &config.Config{}
	}
	c := in.Cluster
	c.Version = cmp.Or(c.Version, in.Config.Version)
	if in.Progress == nil {
		in.Progress = func(string) {}
	}
	requirement := in.Requirement.Or(in.Config.Requirement)
	if in.RulesOnly {
		requirement = verdict.Requirement{}
	}
	in.Progress("validating the objects")
	go models.All() // it is decoded while objects are validated: readSystem needs it
	if err := apiserver.Check(in.Objects, c.Version.Minor); err != nil {
		return nil, c, requirement, err
	}
	in.Progress("checking the rules")
	system, err := readSystem(in.Objects, in.Config)
	if err != nil {
		return nil, c, requirement, err
	}
	if err := system.SetVersion(c.Version.OrDefault().Minor); err != nil {
		return nil, c, requirement, err
	}
	if err := requirement.Check(c); err != nil {
		return nil, c, requirement, err
	}
	c = withDomains(c, requirement.Others())
	if in.Config.Detection > 0 {
		c.Detection = in.Config.Detection
	}
	return system, c, requirement, nil
}

// DrainOrder returns the order in which the nodes of the cluster can be drained. The domains of the requirement, and its limit, are added to
// the options: with a domain, no workload may be interrupted.
func DrainOrder(ctx context.Context, in Input, o maintenance.Options) (maintenance.Plan, error) {
	system, c, requirement, err := read(&in)
	if err != nil {
		return maintenance.Plan{}, err
	}
	o.Domains, o.Within, o.Progress = requirement.Domains, cmp.Or(requirement.Within, o.Within), in.Progress
	o.Uninterrupted = o.Uninterrupted || len(o.Domains) > 0
	p, err := maintenance.Find(ctx, c, system, o)
	if input := (maintenance.InputError{}); err == nil || errors.As(err, &input) || errors.Is(err, sim.ErrTooLong) {
		return p, err
	}
	return p, SimulationError{err}
}

// decide returns the report on the findings, and on the simulation and the guarantees unless only the rules count.
func decide(ctx context.Context, in Input, requirement verdict.Requirement, e verdict.Evidence) (r report.Report, err error) {
	if in.RulesOnly {
		return verdict.DecideRules(e), nil
	}
	if e.Simulation, err = simulate(ctx, in, e.Cluster, e.System); err != nil {
		return r, err
	}
	in.Progress("proving what holds for every placement")
	e.Guarantees = guarantee.Of(e.Cluster, e.System)
	return verdict.Decide(requirement, e), nil
}

// readSystem reads the workloads of objects and sets their replication. An error in the replication of a config has its position.
func readSystem(objects []*manifest.Object, c *config.Config) (*workload.System, error) {
	system, err := workload.Read(objects)
	if err != nil {
		return nil, err
	}
	err = system.SetReplication(c.Replication)
	if wrong := (workload.ReplicationError{}); errors.As(err, &wrong) {
		if at := c.At(wrong.Name); at != "" {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
	}
	return system, err
}

// withDomains returns a cluster with more kinds of failure domain.
func withDomains(c cluster.Cluster, more []cluster.Domain) cluster.Cluster {
	c.Domains = slices.Clone(c.Domains)
	for _, d := range more {
		if !slices.Contains(c.FailureDomains(), d) {
			c.Domains = append(c.Domains, d)
		}
	}
	return c
}

func simulate(ctx context.Context, in Input, c cluster.Cluster, system *workload.System) (survival.Result, error) {
	result, err := survival.SimulateWith(ctx, c, system, survival.Options{
		Progress: func(step string, number, of int) { in.Progress(fmt.Sprintf("%s, %d of %d", step, number, of)) },
	})
	if tooLarge := (survival.TooLargeError{}); err == nil || errors.As(err, &tooLarge) {
		return result, err
	}
	return survival.Result{}, SimulationError{err}
}
