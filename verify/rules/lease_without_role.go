package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only ServiceAccounts of the manifests are checked: permissions of others may be elsewhere. So may those of a role that is not
// in the manifests, or of an aggregated one. An account that may write ConfigMaps may keep its lock there, as older libraries do.
var leaseWithoutRole = &Rule{
	ID:       "lease-without-role",
	Severity: Error,
	Protects: "Without permission to write Leases no replica is elected: none is active, from the start or from the next restart on.",
	Fix:      "Add a Role with get, create and update on leases of coordination.k8s.io, and a RoleBinding of it to the ServiceAccount of the pods.",
	check: func(s *facts.System, report reporter) {
		permissions := s.Permissions()
		for _, w := range s.Workloads {
			account := cmp.Or(w.Template.Spec.ServiceAccountName, "default")
			verb := permissions.MissingLeaseVerb(w.Namespace, account)
			if verb == "" || w.Kind != workload.Deployment {
				continue
			}
			if w.Election == argoevents.ByLease {
				report(facts.InTemplate(w, "spec", "serviceAccountName"), fmt.Sprintf("elects its leader with a Lease, which ServiceAccount %s may not %s", account, verb))
			}
			for _, c := range facts.Containers(w) {
				if electsWithLease(c.Container) {
					report(facts.InTemplate(w, append(c.Path, "args")...), fmt.Sprintf("container %s elects a leader with a Lease, which ServiceAccount %s may not %s", c.Name, account, verb))
				}
			}
		}
	},
}

// electionFlag is a flag by which controllers of the Kubernetes libraries elect a leader. The value, after "=" or as the next
// word, may disable it.
var electionFlag = regexp.MustCompile(`^--?(enable-leader-election|leader-elect|leader-election)(=true)?$`)

// electsWithLease reports whether the command line of a container elects a leader with a Lease, and with no other kind of lock.
func electsWithLease(c *corev1.Container) bool {
	words := slices.Concat(c.Command, c.Args)
	i := slices.IndexFunc(words, electionFlag.MatchString)
	return i >= 0 && (i+1 == len(words) || words[i+1] != "false") &&
		!slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "resource-lock") || strings.Contains(w, "kubeconfig") })
}
