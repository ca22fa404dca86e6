package rules

import (
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

var spreadMissesItsOwnPods = &Rule{
	ID:       "spread-misses-its-own-pods",
	Protects: "A spread constraint that does not select the pods it stands in spreads nothing: all may land on one node.",
	Fix:      "Select labels of the pods' own template.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			for i, c := range w.Template.Spec.TopologySpreadConstraints {
				selector, err := metav1.LabelSelectorAsSelector(c.LabelSelector) // nil selects nothing
				if err == nil && selector.Matches(labels.Set(w.Template.Labels)) {
					continue
				}
				find(at(w, "spec", "topologySpreadConstraints", strconv.Itoa(i), "labelSelector"), fmt.Sprintf("over %s does not select the pods of %s", c.TopologyKey, w))
			}
		}
	},
}
