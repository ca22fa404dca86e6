package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/config"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

// smallest is the size of the smallest cluster on which a requirement can be kept, and the requirement.
type smallest struct {
	requirement  verdict.Requirement
	nodes, zones int
	others       []cluster.Count
}

// requirement parses the requirement of the flags; known are the named failure domains.
func (f *verifyFlags) requirement(known []cluster.Domain) (verdict.Requirement, error) {
	q, err := verdict.ParseRequirement(f.survives, known)
	if err != nil {
		return q, fmt.Errorf("--survives: %w", err)
	}
	q.AsPlaced = f.asPlaced
	if q.Within = f.within; f.given("within") && f.within <= 0 {
		return q, fmt.Errorf("--within: is %s: want a positive duration, like 30s or 2m", f.within)
	}
	return q, nil
}

// smallest returns the smallest cluster for the requirement of flags and config. Without a requirement, the promise of the
// profile applies.
func (f *verifyFlags) smallest(q verdict.Requirement, profiles []profile.Profile) (smallest, error) {
	if f.values.profile == "" {
		s := newSmallest(q, profile.Profile{})
		return s, f.validateLimit(q)
	}
	p, err := profile.Find(profiles, f.values.profile)
	if err != nil {
		return smallest{}, err
	}
	promised, err := promise(p)
	if err != nil {
		return smallest{}, err
	}
	q = q.Or(promised)
	return newSmallest(q, p), f.validateLimit(q)
}

// newSmallest returns the smallest cluster for a requirement. A profile without a name has no needs.
func newSmallest(q verdict.Requirement, p profile.Profile) smallest {
	s := smallest{requirement: q, nodes: p.Needs.Nodes, zones: p.Needs.Zones}
	if p.Name == "" {
		s.nodes = enough
		if len(q.Domains) == 0 || slices.Contains(q.Domains, cluster.Zone) {
			s.zones = enough
		}
	}
	for _, d := range q.Others() {
		count := cluster.Count{Domain: d, Count: cmp.Or(p.Domains(d.Label), enough)}
		s.others = append(s.others, count)
		s.nodes = max(s.nodes, count.Count)
	}
	s.nodes = max(s.nodes, s.zones)
	return s
}

// withZones returns the smallest cluster in zones if the manifests use the zone label: without zones, their constraints would keep pods
// Pending that any cluster with zones accepts.
func (s smallest) withZones(objects []*manifest.Object) smallest {
	uses := func(o *manifest.Object) bool {
		var fields map[string]any
		return o.Decode(&fields) == nil && mentions(fields, cluster.ZoneLabel)
	}
	if s.zones == 0 && slices.ContainsFunc(objects, uses) {
		s.zones = min(s.nodes, enough)
	}
	return s
}

// mentions reports whether a key or a value is a text.
func mentions(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return v == text
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return mentions(one, text) })
	case map[string]any:
		for key, one := range v {
			if key == text || mentions(one, text) {
				return true
			}
		}
	}
	return false
}

// enough is the number of domains for the smallest quorum that survives the failure of one.
const enough = 3

// smallestCluster returns the smallest cluster on which the promise of a profile can be kept.
func smallestCluster(p profile.Profile) (cluster.Cluster, error) {
	q, err := promise(p)
	if err != nil {
		return cluster.Cluster{}, err
	}
	s := newSmallest(q, p)
	c, err := cluster.Uniform(s.nodes, s.zones, s.others...)
	c.Domains = q.Others()
	return c, err
}

// promise returns the promise of a profile as a requirement.
func promise(p profile.Profile) (verdict.Requirement, error) {
	q, err := verdict.ParseRequirement(p.Requirement(), nil)
	if err != nil {
		return q, fmt.Errorf("profile %s: survives: %w", p.Name, err)
	}
	return q, nil
}

// validateLimit returns an error for a limit, or for the acceptance of the current placement, without a requirement.
func (f *verifyFlags) validateLimit(q verdict.Requirement) error {
	err := q.Validate()
	if err == nil || f.rulesOnly {
		return nil
	}
	flag, key := "within", "within"
	if q.Within == 0 {
		flag, key = "as-placed", "asPlaced"
	}
	where := "--" + flag
	if !f.given(flag) {
		where = f.configFile + ": " + key
	}
	return fmt.Errorf("%s: %w", where, err)
}

// failureDomains returns the failure domains of profiles, except node and zone.
func failureDomains(profiles []profile.Profile) []cluster.Domain {
	var all []cluster.Domain
	for _, p := range profiles {
		for _, s := range p.Survives {
			d := cluster.Domain{Name: s.Name, Label: s.Label}
			if d != cluster.Node && d != cluster.Zone && !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return all
}

// requirementNames returns the names of failure domains for --survives.
func requirementNames() []string {
	all, err := generator.LoadProfiles()
	if err != nil {
		return nil
	}
	return requirementNamesOf(all)
}

// requirementNamesOf returns node, zone and the failure domains of profiles.
func requirementNamesOf(profiles []profile.Profile) []string {
	return verdict.Names(append([]cluster.Domain{cluster.Node, cluster.Zone}, failureDomains(profiles)...))
}

// clusterOf returns the Nodes among the manifests as the cluster, and without any the cluster of loadCluster. Both at a time are an error.
func (f *verifyFlags) clusterOf(ctx context.Context, in verify.Input, s smallest) (cluster.Cluster, error) {
	c, err := cluster.Of(in.Objects)
	if err != nil || !c.InManifests {
		if err == nil {
			c, err = f.loadCluster(ctx, in.Config, s)
		}
		return c, err
	}
	other := ""
	for _, flag := range []string{"cluster", "nodes", "zones", "kubeconfig", "kube-context"} {
		if f.given(flag) {
			other = "--" + flag
		}
	}
	for _, key := range []struct {
		name string
		set  bool
	}{{"cluster", in.Config.Cluster != ""}, {"nodes", in.Config.Nodes != nil}, {"zones", in.Config.Zones != nil}} {
		if other == "" && key.set {
			other = fmt.Sprintf("key %s of %s", key.name, f.configFile)
		}
	}
	if i := slices.IndexFunc(in.Objects, cluster.IsNode); other != "" {
		return c, in.Objects[i].Errorf(nil, "and %s give the nodes of the cluster twice: leave out %s, or remove the Nodes from the manifests", other, other)
	}
	return c, nil
}

// loadCluster returns the cluster of the flags, else of the config, else the live cluster, else the smallest cluster.
func (f *verifyFlags) loadCluster(ctx context.Context, conf *config.Config, s smallest) (cluster.Cluster, error) {
	counted := f.given("zones") || f.given("nodes")
	file := f.cluster
	if !counted {
		file = cmp.Or(file, conf.Cluster)
	}
	if file != "" {
		described, err := os.ReadFile(file)
		if err != nil {
			return cluster.Cluster{}, err
		}
		return cluster.Parse(file, described)
	}
	nodes, zones := conf.Nodes, conf.Zones
	if f.given("nodes") {
		nodes = &f.nodes
	}
	if f.given("zones") {
		zones = &f.zones
	}
	if nodes == nil && zones == nil && f.live != nil {
		c, err := f.live.Nodes(ctx)
		return c, classify(err)
	}
	if zones != nil {
		s.zones = *zones
	}
	if s.nodes = max(s.nodes, s.zones); nodes != nil {
		s.nodes = *nodes
	}
	if s.nodes > 0 && s.zones > s.nodes {
		return cluster.Cluster{}, fmt.Errorf("%d zones need %d nodes or more, and there are %d: pass --nodes %d or fewer zones", s.zones, s.zones, s.nodes, s.zones)
	}
	c, err := cluster.Uniform(s.nodes, s.zones, s.others...)
	if nodes != nil {
		c.Given = append(c.Given, cluster.Node)
	}
	if zones != nil {
		c.Given = append(c.Given, cluster.Zone)
	}
	c.Counted = len(c.Given) > 0
	return c, err
}

// version returns the version of Kubernetes: that of the flag, else of the config, else of the live cluster. It is zero if none of
// them has one.
func (f *verifyFlags) version(ctx context.Context, conf *config.Config) (cluster.Version, error) {
	switch {
	case f.given("kube-version"):
		v, err := cluster.ParseVersion(f.kubeVersion)
		if err != nil {
			return v, fmt.Errorf("--kube-version: %w", err)
		}
		return v, nil
	case conf.Version != cluster.Version{} || f.live == nil:
		return conf.Version, nil
	}
	v, err := f.live.Version(ctx)
	return v, classify(err)
}

// openCluster opens the live cluster if a flag selects one.
func (f *verifyFlags) openCluster() (err error) {
	if f.given("kubeconfig") || f.given("kube-context") {
		f.live, err = live.Open(f.kubeconfig, f.context)
	}
	return err
}

// classify wraps an error of the live cluster as otherError: the input did not cause it.
func classify(err error) error {
	if errors.Is(err, live.ErrCluster) {
		return otherError{err}
	}
	return err
}
