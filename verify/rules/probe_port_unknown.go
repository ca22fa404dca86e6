package rules

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a port by name: a number needs no declaration. The kubelet looks for the name among the ports of the same
// container only (pkg/probe/util.go).
var probePortUnknown = &Rule{
	ID:       "probe-port-unknown",
	Protects: "A probe of a port that has no number fails always: the pod is never ready, or restarted for ever.",
	Fix:      "Name a port of the same container, or give its number.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, c := range running(w) {
				for _, p := range c.probes() {
					if port, by := p.port(); by != "" && !c.has(port) {
						find(at(w, append(c.at, p.field, by, "port")...), fmt.Sprintf("container %s has no port %s", c.Name, port.StrVal))
					}
				}
			}
		}
	},
}

// port is what a probe connects to, and the field that says it; "" for one that names none.
func (p named) port() (intstr.IntOrString, string) {
	switch {
	case p.HTTPGet != nil:
		return p.HTTPGet.Port, "httpGet"
	case p.TCPSocket != nil:
		return p.TCPSocket.Port, "tcpSocket"
	}
	return intstr.IntOrString{}, ""
}

// has tells whether a port has a number: it is one, or a port of the container is called so.
func (c container) has(port intstr.IntOrString) bool {
	if port.Type == intstr.Int {
		return true
	}
	if _, err := strconv.Atoi(port.StrVal); err == nil {
		return true
	}
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal })
}
