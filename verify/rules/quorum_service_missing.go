package rules

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes another Service for the same pods: where there is none, Services may be elsewhere.
var quorumServiceMissing = &Rule{
	ID:       "quorum-service-missing",
	Protects: "The names of a StatefulSet's pods are those of its serviceName; without that Service no voter has a name, and none finds another.",
	Fix:      "Name the headless Service that selects the voters in spec.serviceName. It cannot be changed later: delete the StatefulSet with --cascade=orphan and make it again.",
	check: func(s *workload.System, find func(Place, string)) {
		for w, set := range quorumSets(s) {
			var others []string
			for _, service := range s.Services {
				if service.Namespace == w.Namespace && service.Name == set.Spec.ServiceName {
					others = nil
					break
				}
				if has(service, w) {
					others = append(others, service.Name)
				}
			}
			if len(others) > 0 && set.Spec.ServiceName != "" {
				find(in(w.Object, "spec", "serviceName"), fmt.Sprintf("there is no Service %s; its pods are those of %s", set.Spec.ServiceName, strings.Join(others, ", ")))
			}
		}
	},
}
