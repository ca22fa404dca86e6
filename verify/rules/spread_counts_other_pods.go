package rules

import (
	"fmt"
	"path"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// One service may be several workloads, the zones of a store for example, whose pods are rightly counted together. They run
// the same images and are of one release. This is a fault where the other workload runs none of these images, or says by
// its labels that it is another release; pods of Jobs come and go, and are not meant.
var spreadCountsOtherPods = &Rule{
	ID:       "spread-counts-other-pods",
	Protects: "A spread constraint that counts the pods of others is content when the sum is even: its own pods may all be on one node or in one zone.",
	Fix:      "Select a label that only this workload's pods have.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, a := range keptApart(w) {
				if a.spread == nil || !a.own() || w.Replicas < 2 {
					continue
				}
				if others := strangers(s, a); len(others) > 0 {
					find(a.at("labelSelector"), fmt.Sprintf("%s counts the pods of %s with its own", a.kind(), list(others)))
				}
			}
		}
	},
}

// strangers lists the workloads that a constraint counts and that are of another service or release.
func strangers(s *workload.System, a apart) []*workload.Workload {
	var all []*workload.Workload
	for _, other := range s.Workloads {
		if other.Kind != workload.Job && a.counts(other) && (otherRelease(a.of, other) || !shareImage(a.of, other)) {
			all = append(all, other)
		}
	}
	return all
}

// otherRelease: both say of which installation they are, and it is not the same.
func otherRelease(a, b *workload.Workload) bool {
	const instance = "app.kubernetes.io/instance"
	one, other := a.Template.Labels[instance], b.Template.Labels[instance]
	return one != "" && other != "" && one != other
}

func shareImage(a, b *workload.Workload) bool {
	for _, one := range a.Template.Spec.Containers {
		for _, other := range b.Template.Spec.Containers {
			if repository(one.Image) == repository(other.Image) {
				return true
			}
		}
	}
	return false
}

// repository is an image without its tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	dir, name := path.Split(image)
	name, _, _ = strings.Cut(name, ":")
	return dir + name
}
