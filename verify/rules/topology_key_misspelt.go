package rules

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only keys in the domains that Kubernetes keeps for itself are judged: of these it is known which there are on nodes
// (k8s.io/api/core/v1/well_known_labels.go). Any other key may be a label of somebody's own.
var topologyKeyMisspelt = &Rule{
	ID:       "topology-key-misspelt",
	Protects: "Where no node has the label, a required spread leaves all pods waiting, and anti-affinity and preferences do nothing at all.",
	Fix:      corev1.LabelHostname + " for nodes, " + corev1.LabelTopologyZone + " for zones.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, a := range keptApart(w) {
				domain, _, _ := strings.Cut(a.key, "/")
				if slices.Contains(reserved, domain) && !slices.Contains(onNodes, a.key) {
					find(a.at("topologyKey"), fmt.Sprintf("%s is over nothing: Kubernetes gives no node that label", a.kind()))
				}
			}
		}
	},
}

// reserved are the domains of labels in which only Kubernetes makes names; onNodes are the names that nodes have.
var (
	reserved = []string{"kubernetes.io", "topology.kubernetes.io", "failure-domain.kubernetes.io", "failure-domain.beta.kubernetes.io"}
	onNodes  = []string{
		corev1.LabelHostname, corev1.LabelOSStable, corev1.LabelArchStable,
		corev1.LabelTopologyZone, corev1.LabelTopologyRegion,
		corev1.LabelFailureDomainBetaZone, corev1.LabelFailureDomainBetaRegion,
	}
)
