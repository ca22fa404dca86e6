package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a ServiceAccount that is written down: permissions of another may be elsewhere. So may those of a role that is
// only named, or of one that is put together from others. Who may write ConfigMaps may have its lock there, as older
// libraries do.
var leaseWithoutRole = &Rule{
	ID:       "lease-without-role",
	Protects: "Who may not write leases is never elected: none of the replicas works, from the first day or from the next restart on.",
	Fix:      "A Role with get, create and update on leases of coordination.k8s.io, and a RoleBinding that gives it to the pods' ServiceAccount.",
	check: func(s *workload.System, find func(Place, string)) {
		permissions := permissionsOf(s)
		for _, w := range s.Workloads {
			account := cmp.Or(w.Template.Spec.ServiceAccountName, "default")
			lacks := permissions.lacksOnLeases(w.Namespace, account)
			if lacks == "" || w.Kind != workload.Deployment {
				continue
			}
			if w.Election == argoevents.ByLease {
				find(at(w, "spec", "serviceAccountName"), fmt.Sprintf("elects by a lease; ServiceAccount %s may not %s one", account, lacks))
			}
			for _, c := range running(w) {
				if elects(c.Container) {
					find(at(w, append(c.at, "args")...), fmt.Sprintf("container %s elects a leader by a lease; ServiceAccount %s may not %s one", c.Name, account, lacks))
				}
			}
		}
	},
}

// electing are flags by which controllers of Kubernetes' libraries elect a leader; the next word or what follows "=" may
// switch it off.
var electing = regexp.MustCompile(`^--?(enable-leader-election|leader-elect|leader-election)(=true)?$`)

// elects tells whether a container is told to elect a leader by a lease, and by no other kind of lock.
func elects(c *corev1.Container) bool {
	words := slices.Concat(c.Command, c.Args)
	i := slices.IndexFunc(words, electing.MatchString)
	return i >= 0 && (i+1 == len(words) || words[i+1] != "false") &&
		!slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "resource-lock") || strings.Contains(w, "kubeconfig") })
}
