package rules

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only ports by name are checked: a number needs no declaration. The kubelet looks up the name among the ports of the same
// container only (pkg/probe/util.go).
var probePortUnknown = &Rule{
	ID:       "probe-port-unknown",
	Severity: Error,
	Protects: "A probe of a port name that the container does not declare always fails: the pod is never ready, or restarts again and again.",
	Fix:      "Use the name of a port of the same container, or its number.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			for _, c := range facts.Containers(w) {
				for _, p := range c.Probes() {
					if port, handler := probedPort(p); handler != "" && !hasPort(c, port) {
						report(facts.InTemplate(w, append(c.Path, p.Field, handler, "port")...), fmt.Sprintf("container %s has no port named %s", c.Name, port.StrVal))
					}
				}
			}
		}
	},
}

// probedPort returns the port that a probe connects to, and the field of its handler; "" if the probe has no port.
func probedPort(p facts.Probe) (port intstr.IntOrString, handler string) {
	switch {
	case p.HTTPGet != nil:
		return p.HTTPGet.Port, "httpGet"
	case p.TCPSocket != nil:
		return p.TCPSocket.Port, "tcpSocket"
	}
	return intstr.IntOrString{}, ""
}

// hasPort reports whether a port is a number, or the name of a port of the container.
func hasPort(c facts.Container, port intstr.IntOrString) bool {
	if port.Type == intstr.Int {
		return true
	}
	if _, err := strconv.Atoi(port.StrVal); err == nil {
		return true
	}
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal })
}
