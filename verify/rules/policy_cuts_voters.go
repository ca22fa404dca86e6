package rules

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// peerPortNames are the names of ports for the traffic between quorum members. Those of known software have known numbers.
var peerPortNames = []string{"cluster", "peer", "peers", "raft", "quorum", "follower", "election", "leader-election"}

// Only ports that a container declares are checked, with the name of a peer port or with its number for the software. Peers of a
// policy by address or namespace may be the quorum members and are assumed to be. Traffic is allowed if any policy allows it. Pods
// in the network of the node are not subject to policies.
var policyCutsVoters = &Rule{
	ID:       "policy-cuts-voters",
	Severity: Error,
	Protects: "Quorum members that cannot reach each other elect no leader: the quorum never starts, or ends when the policy is created.",
	Fix:      "Add a rule with this port to the policy, from (or to) a podSelector that matches the quorum members.",
	check: func(s *facts.System, report reporter) {
		policies := facts.Objects[networkingv1.NetworkPolicy](s, "networking.k8s.io/v1", "NetworkPolicy")
		for _, w := range s.Quorums() {
			if w.Template.Spec.HostNetwork {
				continue
			}
			for _, d := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
				first, rules := restricting(policies, w, d)
				for _, port := range peerPorts(w) {
					if first != nil && !slices.ContainsFunc(rules, func(r policyRule) bool { return r.mayAllow(w, port) }) {
						report(facts.In(first, "spec"), fmt.Sprintf("no %s rule allows port %s between the quorum members of %s", strings.ToLower(string(d)), portText(port), w))
					}
				}
			}
		}
	},
}

// policyRule is an ingress or egress rule of a policy.
type policyRule struct {
	ports []networkingv1.NetworkPolicyPort
	peers []networkingv1.NetworkPolicyPeer
}

// restricting returns the first policy that restricts the pods of a workload in a direction, and the rules of all such policies.
func restricting(policies iter.Seq2[*manifest.Object, *networkingv1.NetworkPolicy], w *workload.Workload, d networkingv1.PolicyType) (first *manifest.Object, rules []policyRule) {
	for o, p := range policies {
		types := p.Spec.PolicyTypes
		if len(types) == 0 { // the API server's default
			types = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			if len(p.Spec.Egress) > 0 {
				types = append(types, networkingv1.PolicyTypeEgress)
			}
		}
		if o.Namespace != w.Namespace || !slices.Contains(types, d) || !facts.Selects(&p.Spec.PodSelector, w) {
			continue
		}
		if first == nil {
			first = o
		}
		if d == networkingv1.PolicyTypeIngress {
			for _, r := range p.Spec.Ingress {
				rules = append(rules, policyRule{r.Ports, r.From})
			}
			continue
		}
		for _, r := range p.Spec.Egress {
			rules = append(rules, policyRule{r.Ports, r.To})
		}
	}
	return first, rules
}

// mayAllow reports whether a rule may allow traffic between the pods of a workload on a port.
func (r policyRule) mayAllow(w *workload.Workload, port corev1.ContainerPort) bool {
	return (len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(p networkingv1.NetworkPolicyPort) bool { return includes(p, port) })) &&
		(len(r.peers) == 0 || slices.ContainsFunc(r.peers, func(p networkingv1.NetworkPolicyPeer) bool { return mayMatch(p, w) }))
}

// includes reports whether a port of a policy includes a port of a container.
func includes(p networkingv1.NetworkPolicyPort, port corev1.ContainerPort) bool {
	if p.Protocol != nil && *p.Protocol != port.Protocol {
		return false
	}
	switch {
	case p.Port == nil:
		return true
	case p.Port.Type == intstr.String:
		return p.Port.StrVal == port.Name
	case p.EndPort != nil:
		return p.Port.IntVal <= port.ContainerPort && port.ContainerPort <= *p.EndPort
	}
	return p.Port.IntVal == port.ContainerPort
}

// mayMatch reports whether a peer of a policy may be the pods of a workload. An address or a namespace selector may.
func mayMatch(p networkingv1.NetworkPolicyPeer, w *workload.Workload) bool {
	return p.PodSelector == nil || facts.Selects(p.PodSelector, w)
}

// peerPorts returns the TCP ports that the quorum members of a workload declare for each other.
func peerPorts(w *workload.Workload) []corev1.ContainerPort {
	var all []corev1.ContainerPort
	for _, c := range facts.QuorumContainers(w) {
		for _, p := range c.Ports {
			if p.Protocol == corev1.ProtocolTCP && (slices.Contains(peerPortNames, p.Name) || w.Software != nil && slices.Contains(w.Software.PeerPorts, p.ContainerPort)) {
				all = append(all, p)
			}
		}
	}
	return all
}

// portText returns the name and number of a port.
func portText(p corev1.ContainerPort) string {
	if p.Name == "" {
		return strconv.Itoa(int(p.ContainerPort))
	}
	return fmt.Sprintf("%s (%d)", p.Name, p.ContainerPort)
}
