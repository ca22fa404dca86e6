package storage

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// refusal returns why the provisioner of a class creates no volume for a claim, in a sentence; "" if it does or is not known to refuse. The
// claim then stays Pending, unless a PersistentVolume of the input matches it.
func refusal(class *storagev1.StorageClass, claim *corev1.PersistentVolumeClaim) string {
	d := knownDriver(class.Provisioner)
	if d == nil {
		return ""
	}
	unless := ""
	if d.unless != "" {
		unless = ", unless its configuration has " + d.unless
	}
	stays := fmt.Sprintf("PersistentVolumeClaims of StorageClass %s stay Pending: its provisioner %s creates no volume", class.Name, class.Provisioner)
	if d.forNode && !isDelayed(class) {
		return fmt.Sprintf("%s before the pod has a node%s. Set volumeBindingMode: WaitForFirstConsumer in a new StorageClass.", stays, unless)
	}
	for _, mode := range claim.Spec.AccessModes {
		if d.modes != nil && !slices.Contains(d.modes, mode) {
			return fmt.Sprintf("%s with access mode %s%s.", stays, mode, unless)
		}
	}
	return ""
}
