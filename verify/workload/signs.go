package workload

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// signs are facts of the manifests that show how pods of unknown software replicate.
type signs struct {
	settings settings
	services []*corev1.Service
	// roles are the rules by "Kind namespace/name", accounts those by "namespace/name" of a ServiceAccount.
	roles, accounts map[string][]rbacv1.PolicyRule
}

func (s *System) newSigns(c settings) (*signs, error) {
	all := &signs{settings: c, services: s.Services, roles: map[string][]rbacv1.PolicyRule{}, accounts: map[string][]rbacv1.PolicyRule{}}
	for _, o := range s.Objects {
		if o.Group() != rbacv1.GroupName || o.Kind != "Role" && o.Kind != "ClusterRole" {
			continue
		}
		var role rbacv1.ClusterRole
		if err := o.Decode(&role); err != nil {
			return nil, err
		}
		all.roles[o.Kind+" "+o.Namespace+"/"+o.Name] = role.Rules
	}
	for _, o := range s.Objects {
		if o.Group() != rbacv1.GroupName || o.Kind != "RoleBinding" && o.Kind != "ClusterRoleBinding" {
			continue
		}
		var binding rbacv1.RoleBinding
		if err := o.Decode(&binding); err != nil {
			return nil, err
		}
		namespace := o.Namespace
		if binding.RoleRef.Kind == "ClusterRole" {
			namespace = ""
		}
		for _, subject := range binding.Subjects {
			if subject.Kind == rbacv1.ServiceAccountKind {
				account := cmp.Or(subject.Namespace, o.Namespace) + "/" + subject.Name
				all.accounts[account] = append(all.accounts[account], all.roles[binding.RoleRef.Kind+" "+namespace+"/"+binding.RoleRef.Name]...)
			}
		}
	}
	return all, nil
}

// may reports whether the ServiceAccount of a workload has permissions, by name. Wildcards do not count: they show no purpose.
func (s *signs) may(w *Workload, group, resource string, verbs ...string) bool {
	account := cmp.Or(w.Template.Spec.ServiceAccountName, "default")
	rules := s.accounts[w.Namespace+"/"+account]
	if w.Namespace == "" { // the namespace of the installation
		for name, more := range s.accounts {
			if _, of, _ := strings.Cut(name, "/"); of == account {
				rules = append(slices.Clone(rules), more...)
			}
		}
	}
	return !slices.ContainsFunc(verbs, func(verb string) bool {
		return !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
			return slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource) && (slices.Contains(r.Verbs, verb) || slices.Contains(r.Verbs, "*"))
		})
	})
}

// mayLead reports whether the pods of a workload may elect a leader with a Lease.
func (s *signs) mayLead(w *Workload) bool {
	return s.may(w, "coordination.k8s.io", "leases", "get", "create", "update")
}

// peerVariables are names of variables for the other members of a cluster.
var peerVariables = regexp.MustCompile(`(?i)(^|_)(PEERS?|SEEDS?|SEED_NODES|JOIN|INITIAL_CLUSTER|BOOTSTRAP_EXPECT|REPLICA_?SET|CLUSTER_NODES|DISCOVERY_HOSTS|INITIAL_MEMBERS)(_|$)`)

// Ports for the traffic between the members of a cluster, by name and by number.
var (
	peerPortNames   = regexp.MustCompile(`^(.*-)?(peers?|cluster|gossip|raft|quorum|serf|memberlist|transport|internode|intra)(-.*)?$`)
	peerPortNumbers = []int32{2380, 2888, 3888, 4567, 5701, 6222, 7000, 7800, 7946, 8300, 9094, 9300, 16379, 33061}
)

// peers returns the sign that the pods of a StatefulSet are members of one cluster, "" if there is none. Settings that name the
// pods, or the headless Service otherwise than in the address of the pod itself, are certain; of the other signs, two must agree.
func (s *signs) peers(w *Workload) string {
	if sign := s.namesPods(w); sign != "" {
		return sign
	}
	var found []string
	for i, c := range w.Template.Spec.Containers {
		for j, v := range c.Env {
			if peerVariables.MatchString(v.Name) {
				found = append(found, fmt.Sprintf("variable %s (%s)", v.Name, w.At("spec", "containers", fmt.Sprint(i), "env", fmt.Sprint(j))))
				break
			}
		}
		for j, p := range c.Ports {
			if peerPortNames.MatchString(p.Name) || slices.Contains(peerPortNumbers, p.ContainerPort) {
				found = append(found, fmt.Sprintf("port %s (%s)", cmp.Or(p.Name, fmt.Sprint(p.ContainerPort)), w.At("spec", "containers", fmt.Sprint(i), "ports", fmt.Sprint(j))))
				break
			}
		}
	}
	if service := s.headless(w); service != nil && service.Spec.PublishNotReadyAddresses {
		found = append(found, "publishNotReadyAddresses of Service "+service.Name)
	}
	if s.may(w, "", "pods", "list") {
		found = append(found, "permission to list pods")
	}
	if len(found) < 2 {
		return ""
	}
	return strings.Join(found, " and ")
}

// headless returns the Service that governs a StatefulSet, nil if it is not in the manifests or not headless.
func (s *signs) headless(w *Workload) *corev1.Service {
	for _, service := range s.services {
		if service.Namespace == w.Namespace && service.Name == w.serviceName && service.Spec.ClusterIP == corev1.ClusterIPNone {
			return service
		}
	}
	return nil
}

// namesPods returns the setting that names a pod of the StatefulSet, or the headless Service as an address of its own.
func (s *signs) namesPods(w *Workload) string {
	name := regexp.QuoteMeta(w.Name)
	pod := regexp.MustCompile(`(^|[^A-Za-z0-9.-])` + name + `-(\d+|\{\d+\.\.\.?\d+\})($|[^A-Za-z0-9])`)
	var service *regexp.Regexp
	if s.headless(w) != nil {
		host := regexp.QuoteMeta(w.serviceName)
		service = regexp.MustCompile(`(^|[^A-Za-z0-9.})-])` + host + `(:\d+|\.[A-Za-z0-9.${}()_-]*svc\b|\.` + regexp.QuoteMeta(cmp.Or(w.Namespace, "$(")) + `)`)
	}
	lists := func(text string) string {
		if at := pod.FindString(text); at != "" {
			return strings.Trim(at, " \t\n\"'=,;:/.@[]()")
		}
		if service != nil && service.MatchString(text) {
			return w.serviceName
		}
		return ""
	}
	for i, c := range w.Template.Spec.Containers {
		at := func(path ...string) string {
			return w.At(slices.Concat([]string{"spec", "containers", fmt.Sprint(i)}, path)...)
		}
		for j, v := range c.Env {
			if target := lists(v.Value); target != "" {
				return fmt.Sprintf("variable %s (%s) names %s", v.Name, at("env", fmt.Sprint(j)), target)
			}
		}
		for _, field := range []struct {
			name  string
			words []string
		}{{"command", c.Command}, {"args", c.Args}} {
			for j, word := range field.words {
				if target := lists(word); target != "" {
					return fmt.Sprintf("%s (%s) name %s", field.name, at(field.name, fmt.Sprint(j)), target)
				}
			}
		}
		env := s.settings.env(w, c)
		for _, variable := range slices.Sorted(maps.Keys(env)) {
			if target := lists(env[variable]); target != "" {
				return fmt.Sprintf("variable %s, which is set from a ConfigMap or Secret, names %s", variable, target)
			}
		}
	}
	for _, text := range s.settings.subject(w).Config {
		if target := lists(text); target != "" {
			return fmt.Sprintf("a mounted ConfigMap or Secret names %s", target)
		}
	}
	return ""
}
