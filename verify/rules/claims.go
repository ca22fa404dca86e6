package rules

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// mounted is a claim of the manifests, with the workloads whose pods all have it.
type mounted struct {
	claim *corev1.PersistentVolumeClaim
	by    []*workload.Workload
	// at is where the first of them names it.
	at []string
}

// oneNode lists the claims whose volume only one node can have at a time, and that something mounts. Jobs are left out:
// they come and go.
func oneNode(s *workload.System) []mounted {
	var all []mounted
	for o, claim := range every[corev1.PersistentVolumeClaim](s, "v1", "PersistentVolumeClaim") {
		if len(claim.Spec.AccessModes) == 0 || slices.ContainsFunc(claim.Spec.AccessModes, shared) {
			continue
		}
		m := mounted{claim: claim}
		for _, w := range s.Workloads {
			if at := mountOf(w, o); at != nil && w.Replication.Model != workload.Finite {
				if m.by = append(m.by, w); len(m.by) == 1 {
					m.at = at
				}
			}
		}
		if len(m.by) > 0 {
			all = append(all, m)
		}
	}
	return all
}

func shared(mode corev1.PersistentVolumeAccessMode) bool {
	return mode == corev1.ReadWriteMany || mode == corev1.ReadOnlyMany
}

// mountOf is where a workload's template names a claim, nil if it does not.
func mountOf(w *workload.Workload, claim *manifest.Object) []string {
	i := slices.IndexFunc(w.Template.Spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim.Name
	})
	if i < 0 || w.Namespace != claim.Namespace {
		return nil
	}
	return []string{"spec", "volumes", strconv.Itoa(i)}
}

// modes is how a claim may be mounted, in its own words.
func (m mounted) modes() string {
	all := make([]string, len(m.claim.Spec.AccessModes))
	for i, mode := range m.claim.Spec.AccessModes {
		all[i] = string(mode)
	}
	return strings.Join(all, ", ")
}

// onePod tells whether only one pod may have the claim, wherever it is.
func (m mounted) onePod() bool {
	return slices.Equal(m.claim.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod})
}
