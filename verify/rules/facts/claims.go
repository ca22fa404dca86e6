package facts

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// MountedClaim is a PersistentVolumeClaim of the manifests and the workloads whose pods mount it.
type MountedClaim struct {
	Claim     *corev1.PersistentVolumeClaim
	Workloads []*workload.Workload
	storage.Reach
	// Path is the volume in the pod template of the first workload.
	Path []string
}

// SingleNodeClaims returns the mounted claims whose volume is available on one node at a time, by their access modes and their
// driver. Jobs do not count as users: their pods finish.
func (s *System) SingleNodeClaims() []MountedClaim {
	var all []MountedClaim
	for o, claim := range Objects[corev1.PersistentVolumeClaim](s, "v1", "PersistentVolumeClaim") {
		if len(claim.Spec.AccessModes) == 0 || slices.ContainsFunc(claim.Spec.AccessModes, onManyNodes) {
			continue
		}
		m := MountedClaim{Claim: claim, Reach: s.Storage.OfClaim(claim)}
		if m.IsShared() {
			continue
		}
		for _, w := range s.Workloads {
			if path := volumePath(w, o); path != nil && w.Replication.Model != workload.Finite {
				if m.Workloads = append(m.Workloads, w); len(m.Workloads) == 1 {
					m.Path = path
				}
			}
		}
		if len(m.Workloads) > 0 {
			all = append(all, m)
		}
	}
	return all
}

func onManyNodes(mode corev1.PersistentVolumeAccessMode) bool {
	return mode == corev1.ReadWriteMany || mode == corev1.ReadOnlyMany
}

// volumePath returns the volume of a pod template that refers to a claim, nil if there is none.
func volumePath(w *workload.Workload, claim *manifest.Object) []string {
	i := slices.IndexFunc(w.Template.Spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim.Name && !w.ReplacesVolume(v)
	})
	if i < 0 || w.Namespace != claim.Namespace {
		return nil
	}
	return []string{"spec", "volumes", strconv.Itoa(i)}
}

// AccessModes returns the access modes, separated by commas.
func (m MountedClaim) AccessModes() string {
	all := make([]string, len(m.Claim.Spec.AccessModes))
	for i, mode := range m.Claim.Spec.AccessModes {
		all[i] = string(mode)
	}
	return strings.Join(all, ", ")
}
