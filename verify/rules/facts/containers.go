package facts

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/models"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Container is a container that runs as long as its pod: a container or a sidecar.
type Container struct {
	*corev1.Container
	// Path is its position in the pod template.
	Path []string
}

// Containers returns the containers of a pod that run as long as the pod. Sidecars are first.
func Containers(w *workload.Workload) []Container {
	var all []Container
	for i := range w.Template.Spec.InitContainers {
		if c := &w.Template.Spec.InitContainers[i]; c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			all = append(all, Container{c, []string{"spec", "initContainers", strconv.Itoa(i)}})
		}
	}
	for i := range w.Template.Spec.Containers {
		all = append(all, Container{&w.Template.Spec.Containers[i], []string{"spec", "containers", strconv.Itoa(i)}})
	}
	return all
}

// Software returns the software of the container's image, by the last part of its repository.
func (c Container) Software() string { return models.Software(c.Image) }

// IsNATS reports whether the container is a NATS server.
func (c Container) IsNATS() bool { return slices.Contains(nats, c.Software()) }

// Probe is a probe of a container.
type Probe struct {
	// Field is the name of the probe in the API, for example livenessProbe.
	Field string
	*corev1.Probe
	// Script is the text of the scripts of the manifests that the command runs, without comments; "" if none is known.
	Script string
}

// Probes returns the probes of the container.
func (c Container) Probes() []Probe {
	all := []Probe{{Field: "startupProbe", Probe: c.StartupProbe}, {Field: "readinessProbe", Probe: c.ReadinessProbe}, {Field: "livenessProbe", Probe: c.LivenessProbe}}
	return slices.DeleteFunc(all, func(p Probe) bool { return p.Probe == nil })
}

// Probe returns a probe of a container with the scripts that its command runs.
func (s *System) Probe(w *workload.Workload, c Container, field string, p *corev1.Probe) Probe {
	probe := Probe{Field: field, Probe: p}
	if p.Exec != nil {
		probe.Script = s.Script(w, c, p.Exec.Command)
	}
	return probe
}

// Request returns the path and query of an HTTP request, or the command line; "" if the probe only opens a connection.
func (p Probe) Request() string {
	switch {
	case p.HTTPGet != nil:
		return p.HTTPGet.Path
	case p.Exec != nil:
		return strings.Join(p.Exec.Command, " ")
	case p.GRPC != nil:
		return "gRPC health"
	}
	return ""
}
