package storage

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/storage/volume"
)

// Match returns the PersistentVolume that a claim binds: the smallest available one of its class with its access modes, mode and
// labels; nil if there is none. It must be usable on the node, unless that is nil. taken reports whether a volume is bound already.
func (s *Storage) Match(claim *corev1.PersistentVolumeClaim, node *corev1.Node, taken func(name string) bool) *corev1.PersistentVolume {
	available := slices.DeleteFunc(slices.Clone(s.Volumes), func(v *corev1.PersistentVolume) bool {
		return v.Spec.ClaimRef != nil || taken(v.Name) || !volume.CheckAccessModes(claim, v)
	})
	// The only error is that of a feature gate that is on.
	found, _ := volume.FindMatchingVolume(claim, available, node, nil, false, true)
	return found
}

// Candidates reports whether PersistentVolumes of the input may be bound to a claim.
func (s *Storage) Candidates(claim *corev1.PersistentVolumeClaim) bool {
	return s.hasVolumes(className(claim), true)
}
