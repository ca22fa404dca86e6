package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// passing are folders of a node that hold nothing of a workload: what is there belongs to the node, or may be lost.
var passing = []string{"/dev", "/etc", "/proc", "/run", "/sys", "/tmp", "/var/cache", "/var/lib/kubelet", "/var/log", "/var/run"}

// It takes a folder of the node that is made where it is missing and written to, by pods that may go to any node. A folder
// that must be there is the node's own, and pods that are bound to a node come back to it.
var dataOnHostPath = &Rule{
	ID:       "data-on-host-path",
	Protects: "A pod that comes up on another node finds an empty folder there: what it wrote is on the node that was lost, or drained.",
	Fix:      "A claim, of a class whose volumes follow the pod; or bind the pods to their nodes, where that is meant.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if w.Kind != workload.Deployment && w.Kind != workload.StatefulSet || together(w) {
				continue
			}
			for i, v := range w.Template.Spec.Volumes {
				if h := v.HostPath; h != nil && h.Type != nil && *h.Type == corev1.HostPathDirectoryOrCreate && !under(h.Path, passing) && written(w, v.Name) {
					find(at(w, "spec", "volumes", strconv.Itoa(i)), fmt.Sprintf("writes to %s of whatever node it is on, which is made where it is missing", h.Path))
				}
			}
		}
	},
}

// under tells whether a path is one of some folders, or below one.
func under(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}

// written tells whether a container mounts a volume other than to read.
func written(w *workload.Workload, volume string) bool {
	return slices.ContainsFunc(running(w), func(c container) bool {
		return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volume && !m.ReadOnly })
	})
}
