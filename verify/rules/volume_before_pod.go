package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// zonal are provisioners whose volumes stay in the zone, or on the node, where they were made: their drivers report a
// topology. Others may have volumes for all nodes, and lose nothing by binding at once.
var zonal = []string{
	"ebs.csi.aws.com", "kubernetes.io/aws-ebs",
	"pd.csi.storage.gke.io", "kubernetes.io/gce-pd",
	"disk.csi.azure.com", "kubernetes.io/azure-disk",
	"cinder.csi.openstack.org", "kubernetes.io/cinder",
	"csi.hetzner.cloud", "topolvm.io", "rancher.io/local-path", "kubernetes.io/no-provisioner",
}

// It takes the StorageClass, of a provisioner whose volumes are known to stay where they are, and several pods that are to
// be apart. A class for one zone alone, or of disks that are in several, is left out.
var volumeBeforePod = &Rule{
	ID:       "volume-before-pod",
	Protects: "A volume that is made before its pod is placed is in any zone; the pod has to follow it, and waits for ever where its spread forbids that zone.",
	Fix:      "volumeBindingMode: WaitForFirstConsumer, in a new class: that of a class cannot be changed.",
	check: func(s *workload.System, find func(Place, string)) {
		for o, class := range every[storagev1.StorageClass](s, "storage.k8s.io/v1", "StorageClass") {
			if class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer || !slices.Contains(zonal, class.Provisioner) || len(class.AllowedTopologies) > 0 || severalZones(class) {
				continue
			}
			for _, w := range s.Workloads {
				i := slices.IndexFunc(w.Claims, func(c corev1.PersistentVolumeClaim) bool {
					return c.Spec.StorageClassName != nil && *c.Spec.StorageClassName == class.Name
				})
				if i >= 0 && w.Replicas > 1 && spread(w) {
					find(in(w.Object, "spec", "volumeClaimTemplates", strconv.Itoa(i)), fmt.Sprintf("class %s at %s binds its %d volumes at once, and its pods are to be apart", class.Name, o.At("volumeBindingMode"), w.Replicas))
				}
			}
		}
	},
}

// severalZones tells whether a class makes disks that more than one zone has.
func severalZones(class *storagev1.StorageClass) bool {
	for key, value := range class.Parameters {
		if key == "replication-type" && value != "none" || strings.EqualFold(key, "skuName") && strings.HasSuffix(strings.ToUpper(value), "_ZRS") {
			return true
		}
	}
	return false
}
