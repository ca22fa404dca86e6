package rules

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// With internalTrafficPolicy Local, kube-proxy sends requests only to endpoints on the node of the client, and drops them if there are
// none. Clients are the event sources and sensors of a bus at the Service, and pods whose environment or arguments have its address. A
// client that must share a node with the endpoints is right. Only a Service with one workload behind it is checked.
var clientWithoutEndpoint = &Rule{
	ID:       "client-without-endpoint",
	Severity: Error,
	Protects: "A Service with internalTrafficPolicy Local has no endpoint for pods on a node without one of its own pods: they never connect.",
	Fix:      "Let the pods of the Service run wherever its clients may: the same node selector and tolerations. Or keep the clients on these nodes.",
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		for _, service := range s.Services {
			if p := service.Spec.InternalTrafficPolicy; p == nil || *p != corev1.ServiceInternalTrafficPolicyLocal {
				continue
			}
			backends := s.Backends(service)
			if len(backends) != 1 {
				continue
			}
			for _, client := range s.Clients(service) {
				if client != backends[0] && !mustJoin(s, client, backends[0]) {
					if missing := withoutEndpoint(nodes, client, backends[0]); missing != "" {
						report(facts.InTemplate(client, "spec"), fmt.Sprintf("Service %s sends requests to the pods of %s on the same node only, and %s", service.Name, backends[0], missing))
					}
				}
			}
		}
	},
}

// withoutEndpoint returns where a client may run without an endpoint, "" if nowhere for certain. A DaemonSet has a pod on every
// eligible node; the pods of other workloads may be on any of theirs.
func withoutEndpoint(nodes *facts.Nodes, client, backend *workload.Workload) string {
	its, endpoints := nodes.Eligible(client), nodes.Eligible(backend)
	var missing []string
	for _, n := range its {
		if !slices.Contains(endpoints, n) {
			missing = append(missing, n.Name)
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Sprintf("none of them runs on %s, where this pod may run", facts.Names(missing))
	case backend.Kind != workload.DaemonSet && backend.Replicas < len(its):
		return fmt.Sprintf("its %s may be on others of the %s where this pod may run", facts.Count(backend.Replicas, "pod"), facts.Count(len(its), "node"))
	}
	return ""
}

// mustJoin reports whether required affinity keeps the pods of a client on nodes with pods of a backend.
func mustJoin(s *facts.System, client, backend *workload.Workload) bool {
	return slices.ContainsFunc(s.Affinities(client), func(c placement.Constraint) bool {
		return c.Required && c.TopologyKey == corev1.LabelHostname && c.Selects(backend.Pod(0, 1))
	})
}
