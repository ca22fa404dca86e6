package chart

import (
	"slices"

	"github.com/holdfast-ha/holdfast/generator/stack"
	"go.yaml.in/yaml/v3"
)

// Egress reports whether the network policy limits the connections that the component opens.
func (c component) Egress() bool { return c.To != nil }

// CallsAPI reports whether the component connects to the API server.
func (c component) CallsAPI() bool { return c.HasRules() || c.HasClusterRules() }

// ToAnyone reports whether the component may connect to all servers.
func (c component) ToAnyone() bool { return c.reaches("anyone") }

func (c component) reaches(name string) bool {
	return slices.ContainsFunc(c.To, func(n yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Value == name })
}

// ToCIDRs lists the ranges of addresses that the component may connect to.
func (c component) ToCIDRs() []string {
	var all []string
	for _, n := range c.To {
		if n.Kind == yaml.ScalarNode && stack.IsCIDR(n.Value) {
			all = append(all, n.Value)
		}
	}
	return all
}

// ToPeers lists the peers in the form of Kubernetes that the component may connect to.
func (c component) ToPeers() []yaml.Node {
	return slices.DeleteFunc(slices.Clone(c.To), func(n yaml.Node) bool { return n.Kind == yaml.ScalarNode })
}

// server is a component that another one connects to. Without ports, it is managed by a controller, which alone knows them.
type server struct {
	Label string
	Ports []stack.Port
}

// Servers lists the components that this one connects to: those that admit it by name, and those in its list.
func (c component) Servers() []server {
	var all []server
	for _, other := range c.All {
		ports := slices.DeleteFunc(other.PortsFor(c.Name), func(p stack.Port) bool {
			byName := slices.ContainsFunc(p.From, func(n yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Value == c.Name })
			return !byName && !c.reaches(other.Name)
		})
		if len(ports) > 0 || other.Managed && c.reaches(other.Name) {
			all = append(all, server{other.Label(), ports})
		}
	}
	return all
}
