package stack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
)

// helpers checks the further containers of a component, and the ports on which its sidecars listen.
func (c *checker) helpers(at string, one Component) {
	seen := []string{strings.ToLower(one.Name)}
	for _, list := range []struct {
		key string
		all []Helper
	}{{"initContainers", one.InitContainers}, {"sidecars", one.Sidecars}} {
		for i, h := range list.all {
			here := fmt.Sprintf("%s.%s.%d", at, list.key, i)
			c.helper(here, h, one)
			if slices.Contains(seen, strings.ToLower(h.Name)) {
				c.add(here+".name", "%q is the name of another container of the component", h.Name)
			}
			seen = append(seen, strings.ToLower(h.Name))
		}
	}
	if _, inPod := strict.Child(&one.Pod, "initContainers"); inPod != nil {
		switch {
		case inPod.Kind != yaml.ScalarNode:
			c.faultAt(inPod.Line, "pod.initContainers", "cannot be set here: write them into initContainers or sidecars of the component, so that their images follow the value imageRegistry")
		case len(seen) > 1:
			c.faultAt(inPod.Line, "pod.initContainers", "cannot be set beside initContainers and sidecars: write all of them there")
		}
	}
	for i, p := range one.Ports {
		if p.Sidecar != "" && !slices.ContainsFunc(one.Sidecars, func(h Helper) bool { return h.Name == p.Sidecar }) {
			c.add(fmt.Sprintf("%s.ports.%d.sidecar", at, i), "the component has no sidecar %q", p.Sidecar)
		}
	}
}

func (c *checker) helper(at string, h Helper, one Component) {
	if !componentName.MatchString(h.Name) {
		c.add(at+".name", "use at most 21 letters and digits, a lower-case letter first")
	}
	if h.Image != (Image{}) && (h.Image.Repository == "" || h.Image.Tag == "") {
		c.add(at+".image", "repository and tag must be set; without image, it is that of the component")
	}
	c.typed(at+".container", h.Container, corev1.Container{})
	c.typed(at+".resources", h.Resources, corev1.ResourceRequirements{})
	c.written(key(strings.Split(at, ".")[2:])+".container", h.Container, writtenFields["helper"])
	for _, probe := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
		if _, handler := strict.Child(&h.Container, probe); handler != nil {
			c.probePort(at+".container."+probe, *handler, one)
		}
	}
}
