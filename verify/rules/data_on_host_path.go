package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// nodeDirectories are directories of a node without data of a workload: their contents are the node's own, or temporary.
var nodeDirectories = []string{"/dev", "/etc", "/proc", "/run", "/sys", "/tmp", "/var/cache", "/var/lib/kubelet", "/var/log", "/var/run"}

// Only directories that are created where they are missing and written to are checked, for pods that may run on any node. A
// directory that must exist is the node's own, and pods that are bound to a node come back to it.
var dataOnHostPath = &Rule{
	ID:       "data-on-host-path",
	Severity: Warning,
	Protects: "A pod that starts on another node finds an empty directory: its data is on the node that failed or was drained.",
	Fix:      "Use a PersistentVolumeClaim with a volume that follows the pod. If the data is meant for one node, bind the pods to it.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if w.Kind != workload.Deployment && w.Kind != workload.StatefulSet || s.MayShareNode(w) {
				continue
			}
			for i, v := range w.Template.Spec.Volumes {
				if h := v.HostPath; h != nil && h.Type != nil && *h.Type == corev1.HostPathDirectoryOrCreate && !isBelow(h.Path, nodeDirectories) && isWritten(w, v.Name) && !w.ReplacesVolume(v) {
					report(facts.InTemplate(w, "spec", "volumes", strconv.Itoa(i)), fmt.Sprintf("writes to directory %s of its node, which is empty on every other node", h.Path))
				}
			}
		}
	},
}

// isBelow reports whether a path is one of some directories, or below one.
func isBelow(path string, directories []string) bool {
	return slices.ContainsFunc(directories, func(d string) bool { return path == d || strings.HasPrefix(path, d+"/") })
}

// isWritten reports whether a container mounts a volume with write access.
func isWritten(w *workload.Workload, volume string) bool {
	return slices.ContainsFunc(facts.Containers(w), func(c facts.Container) bool {
		return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volume && !m.ReadOnly })
	})
}
