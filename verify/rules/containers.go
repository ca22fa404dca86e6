package rules

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// container is one of a workload's that runs as long as the pod: a container, or a sidecar among the init containers.
type container struct {
	*corev1.Container
	// at is where it stands in the pod's template.
	at []string
}

// running lists the containers of a workload's pods that run as long as the pod.
func running(w *workload.Workload) []container {
	var all []container
	for i := range w.Template.Spec.InitContainers {
		if c := &w.Template.Spec.InitContainers[i]; c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			all = append(all, container{c, []string{"spec", "initContainers", strconv.Itoa(i)}})
		}
	}
	for i := range w.Template.Spec.Containers {
		all = append(all, container{&w.Template.Spec.Containers[i], []string{"spec", "containers", strconv.Itoa(i)}})
	}
	return all
}

// voting lists those containers of a quorum's pods that vote: of known software, or all where none is known.
func voting(w *workload.Workload) []container {
	all := running(w)
	known := slices.DeleteFunc(slices.Clone(all), func(c container) bool { return !workload.HasQuorum(c.software()) })
	if len(known) > 0 {
		return known
	}
	return all
}

// software is what the container's image is known as.
func (c container) software() string { return workload.Software(c.Image) }

// named is a probe with the name of its field.
type named struct {
	field string
	*corev1.Probe
}

// probes lists the probes that a container has.
func (c container) probes() []named {
	all := []named{{"startupProbe", c.StartupProbe}, {"readinessProbe", c.ReadinessProbe}, {"livenessProbe", c.LivenessProbe}}
	return slices.DeleteFunc(all, func(p named) bool { return p.Probe == nil })
}

// asks is what a probe asks: the path of a request with its query, or a command line; "" if it only connects.
func (p named) asks() string {
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
