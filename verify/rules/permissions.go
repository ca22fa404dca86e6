package rules

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// rbac is the API of roles and bindings.
const rbac = "rbac.authorization.k8s.io/v1"

// permissions are what ServiceAccounts are allowed, as far as it is written down.
type permissions struct {
	// accounts are by "namespace/name", roles by "Kind namespace/name"; one that is put together from others is not among them.
	accounts map[string]bool
	roles    map[string][]rbacv1.PolicyRule
	bindings []binding
}

// binding gives a role, by its name in permissions, to subjects.
type binding struct {
	to   []rbacv1.Subject
	role string
}

func permissionsOf(s *workload.System) permissions {
	p := permissions{accounts: map[string]bool{}, roles: map[string][]rbacv1.PolicyRule{}}
	for _, o := range s.Objects {
		if o.APIVersion == "v1" && o.Kind == "ServiceAccount" {
			p.accounts[o.Namespace+"/"+o.Name] = true
		}
	}
	for o, r := range every[rbacv1.Role](s, rbac, "Role") {
		p.roles["Role "+o.Namespace+"/"+o.Name] = r.Rules
	}
	for o, r := range every[rbacv1.ClusterRole](s, rbac, "ClusterRole") {
		if r.AggregationRule == nil {
			p.roles["ClusterRole /"+o.Name] = r.Rules
		}
	}
	for o, b := range every[rbacv1.RoleBinding](s, rbac, "RoleBinding") {
		in := o.Namespace
		if b.RoleRef.Kind == "ClusterRole" {
			in = ""
		}
		p.bindings = append(p.bindings, binding{b.Subjects, b.RoleRef.Kind + " " + in + "/" + b.RoleRef.Name})
	}
	for _, b := range every[rbacv1.ClusterRoleBinding](s, rbac, "ClusterRoleBinding") {
		p.bindings = append(p.bindings, binding{b.Subjects, "ClusterRole /" + b.RoleRef.Name})
	}
	return p
}

// lacksOnLeases is the first verb that an election needs and the account has not, "" if it has all or nobody can know. The
// namespace of the lease may be any.
func (p permissions) lacksOnLeases(namespace, account string) string {
	if !p.accounts[namespace+"/"+account] {
		return ""
	}
	var rules []rbacv1.PolicyRule
	for _, b := range p.bindings {
		if !slices.ContainsFunc(b.to, func(to rbacv1.Subject) bool { return means(to, namespace, account) }) {
			continue
		}
		given, known := p.roles[b.role]
		if !known {
			return ""
		}
		rules = append(rules, given...)
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
