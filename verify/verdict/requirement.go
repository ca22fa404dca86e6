// Package verdict fills in a report: the effect of each simulated event on a workload, whether the requirement is kept, the
// ignored findings and breaches, and the new ones since a baseline. Package report has the types and the writers.
package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/survival"
)

// Requirement is what every workload must survive: the failure of any one of some failure domains and of any node, the drain
// of any node, and a rollout of any workload, one at a time.
type Requirement struct {
	// Domains are the kinds of failure domain. Empty: nothing is required.
	Domains []cluster.Domain
	// Within is the longest outage allowed. 0: none is allowed, and the failover of a standby or an election does not count as
	// one.
	Within time.Duration
	// AsPlaced accepts a requirement that holds for the current placement of the pods only.
	AsPlaced bool
}

// nameFormat matches the name of a domain: one word, because it is part of events and rule names.
var nameFormat = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// ParseRequirement parses a requirement as flags, configs and profiles have it: the names of failure domains, separated by
// commas. A name is "node", "zone" or the name of a domain in known; any other node label is given as NAME=LABEL, like
// "rack=example.org/rack". Empty text requires nothing.
func ParseRequirement(text string, known []cluster.Domain) (Requirement, error) {
	var r Requirement
	if text == "" {
		return r, nil
	}
	known = append([]cluster.Domain{cluster.Node, cluster.Zone}, known...)
	for item := range strings.SplitSeq(text, ",") {
		d, err := parseDomain(item, known)
		if err != nil {
			return Requirement{}, err
		}
		if !slices.Contains(r.Domains, d) {
			r.Domains = append(r.Domains, d)
		}
	}
	// Every requirement covers the failure of a node.
	if len(r.Domains) > 1 {
		r.Domains = slices.DeleteFunc(r.Domains, func(d cluster.Domain) bool { return d == cluster.Node })
	}
	return r, nil
}

func parseDomain(text string, known []cluster.Domain) (cluster.Domain, error) {
	name, label, ok := strings.Cut(text, "=")
	if !ok {
		i := slices.IndexFunc(known, func(d cluster.Domain) bool { return d.Name == name })
		if i < 0 {
			return cluster.Domain{}, fmt.Errorf("unknown failure domain %q: want %s, or NAME=LABEL with a node label, like rack=example.org/rack", name, strings.Join(Names(known), ", "))
		}
		for _, d := range known[i:] {
			if d.Name == name && d.Label != known[i].Label {
				return cluster.Domain{}, fmt.Errorf("failure domain %q is ambiguous: profiles define it by the labels %s and %s: use %s=LABEL", name, known[i].Label, d.Label, name)
			}
		}
		return known[i], nil
	}
	if !nameFormat.MatchString(name) {
		return cluster.Domain{}, fmt.Errorf("%s: name is %q: want lower-case letters, digits and -, like rack", text, name)
	}
	if len(validation.IsQualifiedName(label)) > 0 {
		return cluster.Domain{}, fmt.Errorf("%s: label is %q: want a label key, like example.org/rack", text, label)
	}
	for _, d := range []cluster.Domain{cluster.Node, cluster.Zone} {
		if (d.Name == name) != (d.Label == label) {
			return cluster.Domain{}, fmt.Errorf("%s: name %s and label %s are a fixed pair: use %s, or another name with another label", text, d.Name, d.Label, d.Name)
		}
	}
	return cluster.Domain{Name: name, Label: label}, nil
}

// Names returns the names of failure domains.
func Names(domains []cluster.Domain) []string {
	var names []string
	for _, d := range domains {
		if !slices.Contains(names, d.Name) {
			names = append(names, d.Name)
		}
	}
	return names
}

// Or returns the requirement with its unset fields taken from another one.
func (r Requirement) Or(other Requirement) Requirement {
	if len(r.Domains) == 0 {
		r.Domains = other.Domains
	}
	r.Within = cmp.Or(r.Within, other.Within)
	r.AsPlaced = r.AsPlaced || other.AsPlaced
	return r
}

// String returns the names of the domains, separated by ", ".
func (r Requirement) String() string { return strings.Join(Names(r.Domains), ", ") }

// Others returns the domains other than node and zone. Their failure is simulated only if the cluster lists them.
func (r Requirement) Others() []cluster.Domain {
	return slices.DeleteFunc(slices.Clone(r.Domains), func(d cluster.Domain) bool { return d == cluster.Node || d == cluster.Zone })
}

// Validate returns an error if the requirement has a limit, or accepts the current placement, and has no failure domain.
func (r Requirement) Validate() error {
	switch {
	case len(r.Domains) > 0:
		return nil
	case r.Within != 0:
		return errors.New("a time limit needs a requirement: set survives to node, zone or NAME=LABEL")
	case r.AsPlaced:
		return errors.New("there is no requirement to accept as placed: set survives to node, zone or NAME=LABEL")
	}
	return nil
}

// Check returns an error if the requirement is not valid, or if the nodes of the cluster are in fewer than two domains of a
// kind that it names.
func (r Requirement) Check(c cluster.Cluster) error {
	if err := r.Validate(); err != nil {
		return err
	}
	for _, d := range r.Domains {
		if d == cluster.Node {
			continue
		}
		if err := checkDomain(c, d); err != nil {
			return fmt.Errorf("survives %s: %w: to survive the failure of one %s, a cluster needs two or more", d.Name, err, d.Name)
		}
	}
	return nil
}

// checkDomain returns an error if the nodes of a cluster are in fewer than two domains of a kind.
func checkDomain(c cluster.Cluster, d cluster.Domain) error {
	values := c.Values(d)
	if len(values) > 1 {
		return nil
	}
	var missing []string
	for _, n := range c.Nodes {
		if n.Labels[d.Label] == "" {
			missing = append(missing, n.Name)
		}
	}
	const most = 3
	list := strings.Join(missing[:min(len(missing), most)], ", ")
	if more := len(missing) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	switch {
	case len(missing) == 0:
		return fmt.Errorf("all nodes have the label %s=%s", d.Label, values[0])
	case len(values) == 0:
		return fmt.Errorf("label %s is missing on all nodes (%s)", d.Label, list)
	}
	return fmt.Errorf("label %s has only the value %s and is missing on %s", d.Label, values[0], list)
}

// covers reports whether the requirement covers an event.
func (r Requirement) covers(event survival.Event) bool {
	switch event {
	case survival.SteadyState, survival.LoseNode, survival.DrainNode, survival.Rollout:
		return len(r.Domains) > 0
	}
	return slices.ContainsFunc(r.Domains, func(d cluster.Domain) bool { return survival.LoseDomain(d) == event })
}

// coverable reports whether a requirement can cover an event.
func coverable(event string) bool {
	_, ok := report.FailedDomain(event)
	return ok || Requirement{Domains: []cluster.Domain{cluster.Node}}.covers(survival.Event(event))
}
