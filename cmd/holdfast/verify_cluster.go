package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/report"
)

// asked is what is claimed, and the cluster that it is held on unless another is described.
type asked struct {
	claim        report.Claim
	nodes, zones int
}

// asked is what the flags claim, else what the profile promises, on the smallest cluster that this takes.
func (f *verifyFlags) asked() (asked, error) {
	if f.claim != "" && !slices.Contains(report.Claims, f.claim) {
		return asked{}, fmt.Errorf("--survives: unknown claim %q: choose one of %s", f.claim, strings.Join(report.Claims, ", "))
	}
	claim := report.Claim{Survives: cmp.Or(f.claim, f.config.Survives), Within: f.config.Within}
	if f.given("within") {
		claim.Within = f.within
		if f.within <= 0 {
			return asked{}, fmt.Errorf("--within: is %s: want a time, 30s or 2m", f.within)
		}
	}
	if f.values.profile == "" {
		// A quorum that goes on without any one of its domains has three.
		if claim.Survives == "node" {
			return asked{claim, 3, 0}, nil
		}
		return asked{claim, 3, 3}, f.timed(claim)
	}
	all, err := loadProfiles()
	if err != nil {
		return asked{}, err
	}
	p, err := profile.Find(all, f.values.profile)
	if err != nil {
		return asked{}, err
	}
	a := asked{claim, p.Needs.Nodes, p.Needs.Zones}
	if len(p.Survives) > 0 {
		a.claim.Survives = cmp.Or(a.claim.Survives, p.Survives[0].Name)
	}
	return a, f.timed(a.claim)
}

// timed refuses a time for nothing.
func (f *verifyFlags) timed(claim report.Claim) error {
	if claim.Within == 0 || claim.Survives != "" {
		return nil
	}
	where := "--within"
	if !f.given("within") {
		where = f.configFile + ": within"
	}
	return fmt.Errorf("%s: nothing is claimed that may take a time: say what is lost by --survives, one of %s", where, strings.Join(report.Claims, ", "))
}

// nodesFor is the cluster that the flags describe, else the config, else the one that runs, else the smallest.
func (f *verifyFlags) nodesFor(ctx context.Context, a asked) (cluster.Cluster, error) {
	counted := f.given("zones") || f.given("nodes")
	file := f.cluster
	if !counted {
		file = cmp.Or(file, f.config.Cluster)
	}
	if file != "" {
		described, err := os.ReadFile(file)
		if err != nil {
			return cluster.Cluster{}, err
		}
		return cluster.Parse(file, described)
	}
	nodes, zones := f.config.Nodes, f.config.Zones
	if f.given("nodes") {
		nodes = &f.nodes
	}
	if f.given("zones") {
		zones = &f.zones
	}
	if nodes == nil && zones == nil && f.live != nil {
		c, err := f.live.Nodes(ctx)
		return c, answered(err)
	}
	if zones != nil {
		a.zones = *zones
	}
	if a.nodes = max(a.nodes, a.zones); nodes != nil {
		a.nodes = *nodes
	}
	return cluster.Uniform(a.nodes, a.zones)
}

// open chooses the cluster that runs, if the flags name one.
func (f *verifyFlags) open() (err error) {
	if f.given("kubeconfig") || f.given("kube-context") {
		f.live, err = live.Open(f.kubeconfig, f.context)
	}
	return err
}

// answered tells a cluster that does not answer from bad input.
func answered(err error) error {
	if errors.Is(err, live.ErrCluster) {
		return otherError{err}
	}
	return err
}
