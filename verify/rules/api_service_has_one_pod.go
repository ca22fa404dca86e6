package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// The Service and its pods must be in the manifests. While an aggregated API is unavailable, its discovery fails, and no namespace
// is deleted (pkg/controller/namespace/deletion/namespaced_resources_deleter.go).
var apiServiceHasOnePod = &Rule{
	ID:       "api-service-has-one-pod",
	Severity: Warning,
	Protects: "While the only pod of an aggregated API is unavailable, requests to this API fail, such as those of autoscalers for metrics, and the deletion of any namespace waits.",
	Fix:      "Run two or more pods behind the Service of the APIService, on different nodes.",
	check: func(s *facts.System, report reporter) {
		for o, a := range facts.Objects[apiService](s, "apiregistration.k8s.io/v1", "APIService") {
			if a.Spec.Service == nil {
				continue
			}
			if backends := s.BackendsOf(a.Spec.Service.Namespace, a.Spec.Service.Name); len(backends) == 1 && backends[0].Replicas == 1 {
				report(facts.In(o, "spec", "service"), fmt.Sprintf("without the only pod of %s, the API %s is unavailable", backends[0], o.Name))
			}
		}
	},
}

// apiService is the part of an APIService that names its Service.
type apiService struct {
	Spec struct {
		Service *struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"service"`
	} `json:"spec"`
}
