package stack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
)

// to checks the servers that a component may connect to: each component among them must admit it.
func (c *checker) to(at string, s Stack, one Component) {
	for i, node := range one.To {
		here := fmt.Sprintf("%s.to.%d", at, i)
		if node.Kind != yaml.ScalarNode {
			c.typed(here, node, networkingv1.NetworkPolicyPeer{})
			continue
		}
		server := slices.IndexFunc(s.Components, func(other Component) bool { return other.Name == node.Value })
		switch {
		case node.Value == "anyone" || IsCIDR(node.Value):
		case server >= 0 && !s.Components[server].Managed && len(s.Components[server].PortsFor(one.Name)) == 0:
			c.add(here, "no port of %s admits %s: add it to from of the port, which is enough", node.Value, one.Name)
		case server < 0 && strings.Contains(node.Value, "."):
			c.add(here, "%q is not a CIDR, and network policies have no host names: use CIDRs, as in 203.0.113.0/24, or anyone", node.Value)
		case server < 0:
			c.add(here, "%q is neither a component of this stack, a CIDR, nor anyone", node.Value)
		}
	}
}

// IsCIDR reports whether text is a range of addresses: 203.0.113.0/24.
func IsCIDR(text string) bool {
	prefix, err := netip.ParsePrefix(text)
	return err == nil && prefix == prefix.Masked()
}

// PortsFor lists the ports that accept connections from a component, by its name or from anyone.
func (c Component) PortsFor(client string) []Port {
	var ports []Port
	for _, p := range c.Ports {
		if slices.ContainsFunc(p.From, func(from yaml.Node) bool {
			return from.Kind == yaml.ScalarNode && (from.Value == client || from.Value == "anyone")
		}) {
			ports = append(ports, p)
		}
	}
	return ports
}
