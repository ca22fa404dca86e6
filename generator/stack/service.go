package stack

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// serviceFields are the values of the fields of a Service.
var serviceFields = []struct {
	key    string
	of     func(Service) string
	values []string
}{
	{"type", func(s Service) string { return s.Type }, []string{"ClusterIP", "NodePort", "LoadBalancer"}},
	{"sessionAffinity", func(s Service) string { return s.SessionAffinity }, []string{"None", "ClientIP"}},
	{"externalTrafficPolicy", func(s Service) string { return s.ExternalTrafficPolicy }, []string{"Cluster", "Local"}},
}

// service checks the fields of the Service, and that clients outside of the cluster may connect if they are meant to.
func (c *checker) service(at string, one Component) {
	s := one.Service
	if s == nil {
		return
	}
	at += ".service"
	for _, f := range serviceFields {
		if value := f.of(*s); value != "" && !slices.Contains(f.values, value) {
			c.add(at+"."+f.key, "%q is unknown: use one of %s", value, strings.Join(f.values, ", "))
		}
	}
	external := s.Type == "NodePort" || s.Type == "LoadBalancer"
	switch {
	case !one.HasService():
		c.add(at, "has no ports: set service: true for those that belong to it")
	case external && !slices.ContainsFunc(one.Ports, Port.openToOutside):
		c.add(at+".type", "%s is for clients outside of the cluster, but the network policy admits none: set from of a port to [anyone] or to an ipBlock", s.Type)
	case s.ExternalTrafficPolicy != "" && !external:
		c.add(at+".externalTrafficPolicy", "is only for the types NodePort and LoadBalancer")
	case s.Headless && one.Workload() == "StatefulSet":
		c.add(at+".headless", "has no effect: a StatefulSet has the Service NAME-headless beside this one")
	case s.Headless && one.Replication != Stateless:
		c.add(at+".headless", "is only for stateless components: clients would connect to each pod of a %s component", one.Replication)
	case s.Headless && (external || s.SessionAffinity == "ClientIP"):
		c.add(at+".headless", "excludes type and sessionAffinity, because clients choose a pod themselves")
	}
}

// openToOutside reports whether a port of the Service may have clients outside of the cluster.
func (p Port) openToOutside() bool {
	return p.Service && slices.ContainsFunc(p.From, func(from yaml.Node) bool { return from.Kind != yaml.ScalarNode || from.Value == "anyone" })
}
