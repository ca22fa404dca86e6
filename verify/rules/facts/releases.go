package facts

import (
	"path"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Unrelated returns the workloads whose pods a constraint selects although they are another application or another release:
// they have no container image in common with its own workload, or another app.kubernetes.io/instance label. Jobs do not
// count.
func (s *System) Unrelated(c Constraint) []*workload.Workload {
	return slices.DeleteFunc(s.SelectedWorkloads(c), func(w *workload.Workload) bool {
		return w.Kind == workload.Job || !otherRelease(c.Workload, w) && ShareImage(c.Workload, w)
	})
}

// otherRelease reports whether both workloads have the instance label, with different values.
func otherRelease(a, b *workload.Workload) bool {
	const instance = "app.kubernetes.io/instance"
	one, other := a.Template.Labels[instance], b.Template.Labels[instance]
	return one != "" && other != "" && one != other
}

// ShareImage reports whether two workloads have containers of the same image repository.
func ShareImage(a, b *workload.Workload) bool {
	for _, one := range a.Template.Spec.Containers {
		for _, other := range b.Template.Spec.Containers {
			if repository(one.Image) == repository(other.Image) {
				return true
			}
		}
	}
	return false
}

// repository returns an image without its tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	dir, name := path.Split(image)
	name, _, _ = strings.Cut(name, ":")
	return dir + name
}
