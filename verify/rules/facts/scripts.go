package facts

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Script returns the text of the scripts that a command runs, without comments: those of ConfigMaps of the manifests that the
// container mounts. It returns "" if there are none.
func (s *System) Script(w *workload.Workload, c Container, command []string) string {
	var all []string
	for _, word := range strings.Fields(strings.Join(command, " ")) {
		word = strings.Trim(word, `"';&|()`)
		if !path.IsAbs(word) {
			continue
		}
		if text := s.mountedFile(w, c, path.Clean(word)); text != "" {
			all = append(all, withoutComments(text))
		}
	}
	return strings.Join(all, "\n")
}

// mountedFile returns a file of a container that comes from a ConfigMap of the manifests, "" for others.
func (s *System) mountedFile(w *workload.Workload, c Container, file string) string {
	for _, m := range c.VolumeMounts {
		name, ok := strings.CutPrefix(file, path.Clean(m.MountPath)+"/")
		switch {
		case m.SubPath != "" && file == path.Clean(m.MountPath):
			name = m.SubPath
		case !ok || m.SubPath != "" || m.SubPathExpr != "":
			continue
		}
		i := slices.IndexFunc(w.Template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name && v.ConfigMap != nil })
		if i < 0 {
			continue
		}
		from := w.Template.Spec.Volumes[i].ConfigMap
		for _, item := range from.Items {
			if item.Path == name {
				name = item.Key
				break
			}
		}
		for _, o := range s.System.Objects {
			var config corev1.ConfigMap
			if o.APIVersion == "v1" && o.Kind == "ConfigMap" && o.Namespace == w.Namespace && o.Name == from.Name && o.Decode(&config) == nil {
				return config.Data[name]
			}
		}
	}
	return ""
}

// withoutComments returns a shell script without the lines that are comments.
func withoutComments(script string) string {
	var lines []string
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
