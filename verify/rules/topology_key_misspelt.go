package rules

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only keys in the domains that are reserved for Kubernetes are checked: it is known which of them nodes have
// (k8s.io/api/core/v1/well_known_labels.go). Any other key may be a label of the cluster's own.
var topologyKeyMisspelt = &Rule{
	ID:       "topology-key-misspelt",
	Severity: Note,
	Protects: "If no node has the label, required topology spread keeps all pods Pending, and anti-affinity and preferences have no effect.",
	Fix:      "Use " + corev1.LabelHostname + " for nodes, " + corev1.LabelTopologyZone + " for zones.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			for _, c := range s.Constraints(w) {
				domain, _, _ := strings.Cut(c.TopologyKey, "/")
				if slices.Contains(reservedDomains, domain) && !slices.Contains(nodeLabels, c.TopologyKey) {
					report(c.In("topologyKey"), fmt.Sprintf("%s: Kubernetes sets no such label on nodes", c))
				}
			}
		}
	},
}

// reservedDomains are label domains that are reserved for Kubernetes; nodeLabels are the keys in them that nodes have.
var (
	reservedDomains = []string{"kubernetes.io", "topology.kubernetes.io", "failure-domain.kubernetes.io", "failure-domain.beta.kubernetes.io"}
	nodeLabels      = []string{
		corev1.LabelHostname, corev1.LabelOSStable, corev1.LabelArchStable,
		corev1.LabelTopologyZone, corev1.LabelTopologyRegion,
		corev1.LabelFailureDomainBetaZone, corev1.LabelFailureDomainBetaRegion,
	}
)
