package rules

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only StorageClasses of the manifests whose provisioner is known to report a topology are checked, for several pods that are kept
// apart. A class for one zone, or of volumes that are in several zones, is no fault.
var volumeBeforePod = &Rule{
	ID:       "volume-before-pod",
	Severity: Warning,
	Protects: "A volume that is created before its pod is placed may be in any zone. The pod has to follow it, and stays Pending if its topology spread forbids that zone.",
	Fix:      "Set volumeBindingMode: WaitForFirstConsumer in a new StorageClass. The field is immutable.",
	check: func(s *facts.System, report reporter) {
		for o, class := range facts.Objects[storagev1.StorageClass](s, "storage.k8s.io/v1", "StorageClass") {
			if class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer ||
				len(class.AllowedTopologies) > 0 || !s.Storage.KeepsVolumes(class) {
				continue
			}
			for _, w := range s.Workloads {
				i := slices.IndexFunc(w.Claims, func(c corev1.PersistentVolumeClaim) bool {
					return c.Spec.StorageClassName != nil && *c.Spec.StorageClassName == class.Name
				})
				if i >= 0 && w.Replicas > 1 && s.MayBeSpread(w) {
					report(facts.In(w.Object, "spec", "volumeClaimTemplates", strconv.Itoa(i)),
						fmt.Sprintf("StorageClass %s at %s creates its %d volumes before their pods are placed, and the pods are kept apart", class.Name, o.At("volumeBindingMode"), w.Replicas))
				}
			}
		}
	},
}
