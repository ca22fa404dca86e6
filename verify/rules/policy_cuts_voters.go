package rules

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// votingNames and votingNumbers are ports at which voters talk to each other: by name, and by number where the software is
// known.
var (
	votingNames   = []string{"cluster", "peer", "peers", "raft", "quorum", "follower", "election", "leader-election"}
	votingNumbers = map[string][]int32{
		"nats": {6222}, "nats-server": {6222}, "etcd": {2380}, "zookeeper": {2888, 3888}, "vault": {8201}, "openbao": {8201},
		"consul": {8300}, "cockroach": {26257}, "rabbitmq": {25672}, "clickhouse-keeper": {9234},
	}
)

// It takes a port that the container declares, by a name that says what it is for or by the number that the software has
// for it. Peers by address or by namespace may be the voters, and are taken for them; what all policies together allow is
// allowed. Pods in their node's network are beyond policies.
var policyCutsVoters = &Rule{
	ID:       "policy-cuts-voters",
	Protects: "Voters that cannot reach each other have no leader: the quorum never starts, or ends when the policy comes.",
	Fix:      "A rule in the policy with the port, from (or to) a podSelector of the voters themselves.",
	check: func(s *workload.System, find func(Place, string)) {
		policies := every[networkingv1.NetworkPolicy](s, "networking.k8s.io/v1", "NetworkPolicy")
		for _, w := range voters(s) {
			if w.Template.Spec.HostNetwork {
				continue
			}
			for _, d := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
				first, rules := restricting(policies, w, d)
				for _, port := range votingPorts(w) {
					if first != nil && !slices.ContainsFunc(rules, func(r policyRule) bool { return r.allows(w, port) }) {
						find(in(first, "spec"), fmt.Sprintf("%s: nothing allows port %s between the voters of %s", d, nameOf(port), w))
					}
				}
			}
		}
	},
}

// policyRule is a rule of a policy, in either direction.
type policyRule struct {
	ports []networkingv1.NetworkPolicyPort
	peers []networkingv1.NetworkPolicyPeer
}

// restricting is the first policy that restricts a workload's pods in a direction, and the rules of all that do.
func restricting(policies iter.Seq2[*manifest.Object, *networkingv1.NetworkPolicy], w *workload.Workload, d networkingv1.PolicyType) (first *manifest.Object, rules []policyRule) {
	for o, p := range policies {
		types := p.Spec.PolicyTypes
		if len(types) == 0 { // as the API server fills it in
			types = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			if len(p.Spec.Egress) > 0 {
				types = append(types, networkingv1.PolicyTypeEgress)
			}
		}
		if o.Namespace != w.Namespace || !slices.Contains(types, d) || !selects(&p.Spec.PodSelector, w) {
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

// allows tells whether a rule may let the pods of a workload reach a port of each other.
func (r policyRule) allows(w *workload.Workload, port corev1.ContainerPort) bool {
	return (len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(p networkingv1.NetworkPolicyPort) bool { return covers(p, port) })) &&
		(len(r.peers) == 0 || slices.ContainsFunc(r.peers, func(p networkingv1.NetworkPolicyPeer) bool { return mayBe(p, w) }))
}

// covers tells whether a port of a policy is one of a container.
func covers(p networkingv1.NetworkPolicyPort, port corev1.ContainerPort) bool {
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

// mayBe tells whether a peer of a policy may be a workload's pods: those of an address, or of a namespace with some labels,
// may be.
func mayBe(p networkingv1.NetworkPolicyPeer, w *workload.Workload) bool {
	return p.PodSelector == nil || selects(p.PodSelector, w)
}

// votingPorts lists the ports that a quorum's containers declare for each other, of TCP.
func votingPorts(w *workload.Workload) []corev1.ContainerPort {
	var all []corev1.ContainerPort
	for _, c := range voting(w) {
		for _, p := range c.Ports {
			if p.Protocol == corev1.ProtocolTCP && (slices.Contains(votingNames, p.Name) || slices.Contains(votingNumbers[c.software()], p.ContainerPort)) {
				all = append(all, p)
			}
		}
	}
	return all
}

// nameOf is a port for people.
func nameOf(p corev1.ContainerPort) string {
	if p.Name == "" {
		return strconv.Itoa(int(p.ContainerPort))
	}
	return fmt.Sprintf("%s (%d)", p.Name, p.ContainerPort)
}
