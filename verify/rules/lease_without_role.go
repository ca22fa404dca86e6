package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
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
		for _, w := range s.Workloads {
			for _, c := range running(w) {
				if w.Kind == workload.Deployment && elects(c.Container) {
					account := cmp.Or(w.Template.Spec.ServiceAccountName, "default")
					if lacks := lacksOnLeases(s, w.Namespace, account); lacks != "" {
						find(at(w, append(c.at, "args")...), fmt.Sprintf("container %s elects a leader by a lease; ServiceAccount %s may not %s one", c.Name, account, lacks))
					}
				}
			}
		}
		for _, e := range elections(s) {
			if e.byLease {
				account := cmp.Or(e.account, "default")
				if lacks := lacksOnLeases(s, e.object.Namespace, account); lacks != "" {
					find(in(e.object, "metadata", "annotations", electionAnnotation), fmt.Sprintf("elects by a lease; ServiceAccount %s may not %s one", account, lacks))
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

// lacksOnLeases is the first verb that an election needs and the account has not, "" if it has all or nobody can know.
func lacksOnLeases(s *workload.System, namespace, account string) string {
	written := slices.ContainsFunc(s.Objects, func(o *manifest.Object) bool {
		return o.APIVersion == "v1" && o.Kind == "ServiceAccount" && o.Name == account && o.Namespace == namespace
	})
	if !written {
		return ""
	}
	rules, all := rulesOf(s, namespace, account)
	if !all {
		return ""
	}
	if missing(rules, "", "configmaps") == "" {
		return ""
	}
	return missing(rules, "coordination.k8s.io", "leases")
}

// missing is the first verb of an election that no rule has for a kind of lock, "" if all are there.
func missing(rules []rbacv1.PolicyRule, group, resource string) string {
	for _, verb := range []string{"get", "create", "update"} {
		if !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
			return hasOr(r.APIGroups, group) && hasOr(r.Resources, resource) && hasOr(r.Verbs, verb)
		}) {
			return verb
		}
	}
	return ""
}

// hasOr tells whether a list of RBAC has a word, or the star that stands for all.
func hasOr(list []string, word string) bool {
	return slices.Contains(list, word) || slices.Contains(list, "*")
}

// rulesOf lists what an account is allowed in any namespace, and whether all of it is written down.
func rulesOf(s *workload.System, namespace, account string) (rules []rbacv1.PolicyRule, all bool) {
	all = true
	give := func(in string, to []rbacv1.Subject, role rbacv1.RoleRef) {
		if !slices.ContainsFunc(to, func(to rbacv1.Subject) bool { return means(to, namespace, account) }) {
			return
		}
		given, known := rulesOfRole(s, in, role)
		rules, all = append(rules, given...), all && known
	}
	for o, b := range every[rbacv1.RoleBinding](s, "rbac.authorization.k8s.io/v1", "RoleBinding") {
		give(o.Namespace, b.Subjects, b.RoleRef)
	}
	for _, b := range every[rbacv1.ClusterRoleBinding](s, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding") {
		give("", b.Subjects, b.RoleRef)
	}
	return rules, all
}

// rulesOfRole is what a role allows, and whether all of it is written down.
func rulesOfRole(s *workload.System, namespace string, ref rbacv1.RoleRef) ([]rbacv1.PolicyRule, bool) {
	if ref.Kind == "Role" {
		for o, r := range every[rbacv1.Role](s, "rbac.authorization.k8s.io/v1", "Role") {
			if o.Name == ref.Name && o.Namespace == namespace {
				return r.Rules, true
			}
		}
		return nil, false
	}
	for o, r := range every[rbacv1.ClusterRole](s, "rbac.authorization.k8s.io/v1", "ClusterRole") {
		if o.Name == ref.Name {
			return r.Rules, r.AggregationRule == nil
		}
	}
	return nil, false
}

// means tells whether a subject is an account, or a group that it is in.
func means(to rbacv1.Subject, namespace, account string) bool {
	switch to.Kind {
	case "ServiceAccount":
		return to.Name == account && sameNamespace(to.Namespace, namespace)
	case "Group":
		return to.Name == "system:authenticated" || to.Name == "system:serviceaccounts" || to.Name == "system:serviceaccounts:"+namespace
	}
	return strings.HasPrefix(to.Name, "system:serviceaccount:") && strings.HasSuffix(to.Name, ":"+account)
}
