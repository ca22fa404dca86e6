package rules

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only pods are checked whose readiness nothing delays: no container has a readiness or startup probe, or a postStart hook, and the
// pod has no readiness gate. Without another pod that serves meanwhile, a probe changes little: a Recreate rollout or a StatefulSet
// with one pod refuses requests either way. Pods of a custom resource have the probes of its controller, and a container with the image
// auto is completed by the sidecar injector of Istio.
var readinessMissing = &Rule{
	ID:       "readiness-missing",
	Severity: Warning,
	Protects: "A pod without a readiness probe is ready as soon as its containers run. A rollout stops old pods while new ones still start, and the Service sends requests to both.",
	Fix:      "Add a readinessProbe that succeeds once the container answers requests.",
	check: func(s *facts.System, report reporter) {
		services := map[*workload.Workload]string{}
		for o, service := range s.SelectingServices() {
			if service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.PublishNotReadyAddresses || !slices.ContainsFunc(service.Spec.Ports, takesRequests) {
				continue
			}
			backends := s.Backends(service)
			if w := s.MeantBackend(service); w != nil {
				backends = append(backends, w)
			}
			for _, w := range backends {
				if services[w] == "" {
					services[w] = o.String()
				}
			}
		}
		for _, w := range s.Workloads {
			if services[w] != "" && startsBesideOthers(w) && readyAtOnce(w) {
				report(facts.InTemplate(w, "spec", "containers"), fmt.Sprintf("%s sends requests to its pods, and no container has a readiness probe", services[w]))
			}
		}
	},
}

// telemetry are parts of names of ports that are scraped or used by hand: a failed request to a starting pod does no harm.
var telemetry = []string{"metric", "prom", "monitor", "telemetry", "pprof", "debug", "profil", "health", "admin", "stats", "exporter"}

// takesRequests reports whether a port of a Service is for TCP requests of clients.
func takesRequests(p corev1.ServicePort) bool {
	names := strings.ToLower(p.Name + " " + p.TargetPort.StrVal)
	return (p.Protocol == corev1.ProtocolTCP || p.Protocol == "") && !slices.ContainsFunc(telemetry, func(part string) bool { return strings.Contains(names, part) })
}

// startsBesideOthers reports whether new pods of a workload start while others serve.
func startsBesideOthers(w *workload.Workload) bool {
	if w.Object.Kind != w.Kind {
		return false
	}
	switch w.Kind {
	case workload.Deployment:
		return w.Replicas > 0 && w.Rollout.Type != "Recreate"
	case workload.StatefulSet:
		return w.Replicas > 1
	}
	return false
}

// readyAtOnce reports whether a pod is ready as soon as its containers run.
func readyAtOnce(w *workload.Workload) bool {
	return len(w.Template.Spec.ReadinessGates) == 0 && !slices.ContainsFunc(facts.Containers(w), func(c facts.Container) bool {
		return c.Image == "auto" || c.ReadinessProbe != nil || c.StartupProbe != nil || c.Lifecycle != nil && c.Lifecycle.PostStart != nil
	})
}
