// Package preflight reports whether a live cluster is fit for highly available workloads. It reads, and never writes.
package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/internal/similar"
	"github.com/holdfast-ha/holdfast/preflight/checks"
	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/live"
)

// Version is the version of the report's format. It changes when a key is removed or changes its meaning.
const Version = 1

// Report is the result of all checks.
type Report struct {
	// Version is the version of this format.
	Version int `json:"version"`
	// Passed is set if no check that counts has the status fail or unknown.
	Passed bool `json:"passed"`
	// KubeVersion is the version of the API server.
	KubeVersion string `json:"kubeVersion"`
	// Nodes is the number of nodes.
	Nodes int `json:"nodes"`
	// Zones are the zones of the nodes, sorted.
	Zones []string `json:"zones"`
	// Checks are the results of the checks.
	Checks []Result `json:"checks"`
	// Unread are the resources that could not be listed.
	Unread []Unread `json:"unread"`
}

// Result is the result of a check.
type Result struct {
	// ID is the name of the check, as for --accept.
	ID string `json:"id"`
	// Title is what it checks.
	Title string `json:"title"`
	// Status is the worst status of the findings, from ok over warn and unknown to fail. Unknown means that something could not be read.
	Status checks.Status `json:"status"`
	// Accepted is set if the findings do not count, by --accept.
	Accepted bool `json:"accepted,omitempty"`
	// Summary is what is fine, with the status ok only.
	Summary string `json:"summary,omitempty"`
	// Findings are what is wrong.
	Findings []Finding `json:"findings"`
}

// Finding is what is wrong with an object.
type Finding struct {
	// Status is one of warn, unknown and fail.
	Status checks.Status `json:"status"`
	// Object is "KIND NAME", "KIND NAMESPACE/NAME" or "zone NAME"; missing for the whole cluster.
	Object string `json:"object,omitempty"`
	// Message is what is wrong.
	Message string `json:"message"`
	// Fix is what to do.
	Fix string `json:"fix"`
}

// Unread is a resource that could not be listed.
type Unread struct {
	// Resource is its name as in kubectl get, like deployments.apps.
	Resource string `json:"resource"`
	// Reason is why.
	Reason string `json:"reason"`
}

// Options select what Run does. The zero value runs all checks.
type Options struct {
	// Accept are the IDs of checks whose findings do not count.
	Accept []string
	// Installation is what will be installed, nil for nothing.
	Installation *snapshot.Installation
}

// Validate returns an error for an unknown check.
func (o Options) Validate() error {
	for _, id := range o.Accept {
		if ids := IDs(); !slices.Contains(ids, id) {
			if nearest, ok := similar.Nearest(id, ids); ok {
				return fmt.Errorf("no check has the ID %s: did you mean %s?", id, nearest)
			}
			return fmt.Errorf("no check has the ID %s: holdfast preflight --help lists them", id)
		}
	}
	return nil
}

// IDs returns the IDs of all checks.
func IDs() []string {
	var ids []string
	for _, c := range checks.All() {
		ids = append(ids, c.ID)
	}
	return ids
}

// Run reads a cluster and checks it. An error of the cluster wraps live.ErrCluster.
func Run(ctx context.Context, c *live.Cluster, o Options) (Report, error) {
	if err := o.Validate(); err != nil {
		return Report{}, err
	}
	s, err := snapshot.Read(ctx, c, checks.Reads(checks.For(o.Installation != nil)), o.Installation)
	if err != nil {
		return Report{}, err
	}
	return Check(s, o), nil
}

// Check checks a snapshot.
func Check(s *snapshot.Snapshot, o Options) Report {
	r := Report{Version: Version, Passed: true, KubeVersion: s.Version, Nodes: len(s.Nodes), Zones: nonNil(cluster.Cluster{Nodes: s.Nodes}.Zones()), Unread: []Unread{}}
	for _, c := range checks.For(s.Installation != nil) {
		summary, findings := c.Run(s)
		result := Result{ID: c.ID, Title: c.Title, Status: checks.OK, Summary: summary, Accepted: slices.Contains(o.Accept, c.ID), Findings: []Finding{}}
		for _, f := range findings {
			result.Findings = append(result.Findings, Finding(f))
			if f.Status.Worse(result.Status) {
				result.Status = f.Status
			}
		}
		if result.counts() {
			r.Passed = false
		}
		r.Checks = append(r.Checks, result)
	}
	for resource, reason := range s.Unread {
		r.Unread = append(r.Unread, Unread{string(resource), reason})
	}
	slices.SortFunc(r.Unread, func(a, b Unread) int { return cmp.Compare(a.Resource, b.Resource) })
	return r
}

func nonNil(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}
