package facts

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// rbac is the API version of roles and bindings.
const rbac = "rbac.authorization.k8s.io/v1"

// Permissions are the RBAC permissions of ServiceAccounts in the manifests.
type Permissions struct {
	// accounts are by "namespace/name", roles by "Kind namespace/name". Aggregated ClusterRoles are not included.
	accounts map[string]bool
	roles    map[string][]rbacv1.PolicyRule
	bindings []binding
}

// binding grants a role, by its key in Permissions, to subjects.
type binding struct {
	subjects []rbacv1.Subject
	role     string
}

// Permissions reads ServiceAccounts, roles and bindings.
func (s *System) Permissions() Permissions {
	p := Permissions{accounts: map[string]bool{}, roles: map[string][]rbacv1.PolicyRule{}}
	for _, o := range s.System.Objects {
		if o.APIVersion == "v1" && o.Kind == "ServiceAccount" {
			p.accounts[o.Namespace+"/"+o.Name] = true
		}
	}
	for o, r := range Objects[rbacv1.Role](s, rbac, "Role") {
		p.roles["Role "+o.Namespace+"/"+o.Name] = r.Rules
	}
	for o, r := range Objects[rbacv1.ClusterRole](s, rbac, "ClusterRole") {
		if r.AggregationRule == nil {
			p.roles["ClusterRole /"+o.Name] = r.Rules
		}
	}
	for o, b := range Objects[rbacv1.RoleBinding](s, rbac, "RoleBinding") {
		namespace := o.Namespace
		if b.RoleRef.Kind == "ClusterRole" {
			namespace = ""
		}
		p.bindings = append(p.bindings, binding{b.Subjects, b.RoleRef.Kind + " " + namespace + "/" + b.RoleRef.Name})
	}
	for _, b := range Objects[rbacv1.ClusterRoleBinding](s, rbac, "ClusterRoleBinding") {
		p.bindings = append(p.bindings, binding{b.Subjects, "ClusterRole /" + b.RoleRef.Name})
	}
	return p
}

// MissingLeaseVerb returns the first verb that leader election needs and a ServiceAccount does not have. It returns "" if none is
// missing, or if some permissions are not in the manifests. Permissions in any namespace count.
func (p Permissions) MissingLeaseVerb(namespace, account string) string {
	if !p.accounts[namespace+"/"+account] {
		return ""
	}
	var rules []rbacv1.PolicyRule
	for _, b := range p.bindings {
		if !slices.ContainsFunc(b.subjects, func(s rbacv1.Subject) bool { return matchesAccount(s, namespace, account) }) {
			continue
		}
		granted, known := p.roles[b.role]
		if !known {
			return ""
		}
		rules = append(rules, granted...)
	}
	if missingVerb(rules, "", "configmaps") == "" {
		return ""
	}
	return missingVerb(rules, "coordination.k8s.io", "leases")
}

// missingVerb returns the first verb of leader election that no rule grants for a kind of lock, "" if all are granted.
func missingVerb(rules []rbacv1.PolicyRule, group, resource string) string {
	for _, verb := range []string{"get", "create", "update"} {
		if !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
			return grants(r.APIGroups, group) && grants(r.Resources, resource) && grants(r.Verbs, verb)
		}) {
			return verb
		}
	}
	return ""
}

// grants reports whether a list of a PolicyRule contains a word or the wildcard.
func grants(list []string, word string) bool {
	return slices.Contains(list, word) || slices.Contains(list, "*")
}

// matchesAccount reports whether a subject is a ServiceAccount or one of its groups.
func matchesAccount(s rbacv1.Subject, namespace, account string) bool {
	switch s.Kind {
	case "ServiceAccount":
		return s.Name == account && SameNamespace(s.Namespace, namespace)
	case "Group":
		return s.Name == "system:authenticated" || s.Name == "system:serviceaccounts" || s.Name == "system:serviceaccounts:"+namespace
	}
	return strings.HasPrefix(s.Name, "system:serviceaccount:") && strings.HasSuffix(s.Name, ":"+account)
}
