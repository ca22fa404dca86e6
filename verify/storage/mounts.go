package storage

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Mount is a persistent volume of a pod.
type Mount struct {
	// Key identifies the volume: namespace and name of its claim, or the kind and the ID of a disk. Name is for people.
	Key, Name string
	// Claim is the claim, nil for a disk without one. With Unknown it is not in the input: only its name is known.
	Claim   *corev1.PersistentVolumeClaim
	Unknown bool
	// Temporary volumes are created and deleted with their pod.
	Temporary bool
	// Reach is where the volume is usable.
	Reach
}

// Mounts returns the persistent volumes of a pod, in the order of its volumes. templates are the volumeClaimTemplates of its
// StatefulSet.
func (s *Storage) Mounts(pod *corev1.Pod, templates []corev1.PersistentVolumeClaim) []Mount {
	var all []Mount
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		m := Mount{}
		switch {
		case v.PersistentVolumeClaim != nil:
			m.Name = v.PersistentVolumeClaim.ClaimName
			m.Claim = s.claims[pod.Namespace+"/"+m.Name]
			if t := slices.IndexFunc(templates, func(t corev1.PersistentVolumeClaim) bool { return t.Name == v.Name }); m.Claim == nil && t >= 0 {
				m.Claim = owned(pod.Namespace, m.Name, &templates[t])
			}
			if m.Claim == nil {
				m.Unknown = true
				m.Claim = &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: m.Name}}
			}
		case v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil:
			m.Name, m.Temporary = pod.Name+"-"+v.Name, true // VolumeClaimName in k8s.io/component-helpers/storage/ephemeral
			template := v.Ephemeral.VolumeClaimTemplate
			m.Claim = owned(pod.Namespace, m.Name, &corev1.PersistentVolumeClaim{ObjectMeta: template.ObjectMeta, Spec: template.Spec})
		default:
			disk, ok := inlineDisk(v)
			if !ok {
				continue
			}
			m.Key, m.Name = disk.kind+"/"+disk.id, disk.id
			m.Reach = Reach{Scope: Zone, Labels: zonal(disk.driver), Attached: true, Delayed: true, Single: !disk.readOnly,
				Assumed: disk.kind + " " + disk.id + " is assumed to be in the zone of its first pod."}
			all = append(all, m)
			continue
		}
		m.Claim = s.withDefault(m.Claim)
		m.Key = m.Claim.Namespace + "/" + m.Name
		m.Reach = s.reach(m)
		all = append(all, m)
	}
	return all
}

// disk is a disk of a cloud that a pod names by its ID. It is attached to one node, and no object has its zone.
type disk struct {
	kind, id, driver string
	readOnly         bool
}

func inlineDisk(v *corev1.Volume) (disk, bool) {
	switch {
	case v.AWSElasticBlockStore != nil:
		return disk{"awsElasticBlockStore", v.AWSElasticBlockStore.VolumeID, "kubernetes.io/aws-ebs", false}, true
	case v.GCEPersistentDisk != nil:
		return disk{"gcePersistentDisk", v.GCEPersistentDisk.PDName, "kubernetes.io/gce-pd", v.GCEPersistentDisk.ReadOnly}, true
	case v.AzureDisk != nil:
		return disk{"azureDisk", v.AzureDisk.DiskName, "kubernetes.io/azure-disk", false}, true
	case v.Cinder != nil:
		return disk{"cinder", v.Cinder.VolumeID, "kubernetes.io/cinder", false}, true
	case v.VsphereVolume != nil:
		return disk{"vsphereVolume", v.VsphereVolume.VolumePath, "kubernetes.io/vsphere-volume", false}, true
	}
	return disk{}, false
}

// zonal returns the node labels of a zonal driver.
func zonal(name string) []string { return append([]string{knownDriver(name).key}, labels[Zone]...) }
