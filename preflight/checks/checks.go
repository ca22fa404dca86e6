// Package checks has the checks of preflight: one per file, each with its test. A check reads a snapshot of a cluster and returns
// what is wrong there.
package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// Status is the result of a check or of a finding, from good to bad.
type Status string

// The statuses. Unknown means that something could not be read: it does not pass.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Unknown Status = "unknown"
	Fail    Status = "fail"
)

var severities = []Status{OK, Warn, Unknown, Fail}

// Worse reports whether s is worse than other.
func (s Status) Worse(other Status) bool {
	return slices.Index(severities, s) > slices.Index(severities, other)
}

// Finding is what is wrong with an object.
type Finding struct {
	Status Status
	// Object is "KIND NAME" or "KIND NAMESPACE/NAME"; "" for the cluster.
	Object string
	// Message is what is wrong, Fix what to do.
	Message, Fix string
}

// Check is a check of a cluster.
type Check struct {
	// ID is the name in reports and flags, Title the question that the check answers.
	ID, Title string
	// Reads are the resources that it needs. Without one of them the check is not run, and its status is Unknown.
	Reads []snapshot.Resource
	// Installs is set on checks of what will be installed: they run only if the snapshot has an Installation.
	Installs bool
	// run returns a summary of what is fine, and the findings.
	run func(*snapshot.Snapshot) (summary string, findings []Finding)
}

// All returns the checks in the order of the report.
func All() []Check {
	return []Check{
		nodesReady, nodesSchedulable, nodeNames, nodeZones,
		capacity,
		storageClasses, volumes,
		budgets,
		webhooks,
		apiServers, etcdMembers, versionSkew,
		clusterServices,
		installCluster, installKinds, installClasses, installPlacement, installQuotas,
	}
}

// For returns the checks of a cluster, with those of an installation or without.
func For(installation bool) []Check {
	return filter(All(), func(c Check) bool { return installation || !c.Installs })
}

// Reads returns the resources that some checks read, sorted.
func Reads(all []Check) []snapshot.Resource {
	var resources []snapshot.Resource
	for _, c := range all {
		resources = append(resources, c.Reads...)
	}
	slices.Sort(resources)
	return slices.Compact(resources)
}

// Run runs a check. Its findings have the order of the check; the summary is "" if there are any.
func (c Check) Run(s *snapshot.Snapshot) (summary string, findings []Finding) {
	for _, r := range c.Reads {
		if reason, unread := s.Unread[r]; unread {
			fix := "upgrade the cluster, or pass --accept " + c.ID
			if reason == snapshot.NoPermission {
				fix = "apply the output of holdfast preflight --print-rbac, and bind it to your account"
			}
			findings = append(findings, Finding{Status: Unknown, Message: fmt.Sprintf("not checked: %s: %s", r, reason), Fix: fix})
		}
	}
	if len(findings) > 0 {
		return "", findings
	}
	if summary, findings = c.run(s); len(findings) > 0 {
		return "", findings
	}
	return summary, nil
}

// count returns "1 node" or "3 nodes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if last, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%d %sies", n, last)
	}
	if strings.HasSuffix(noun, "s") {
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// some returns the first names of a list, and the number of the others: "a, b, c and 4 more".
func some(names []string) string {
	const most = 3
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
