package storage

import (
	storagev1 "k8s.io/api/storage/v1"
)

// Limits of storage that the input has, and that the simulation ignores.
type limits struct {
	// capacity are the drivers whose free capacity the scheduler checks, and the classes that have a CSIStorageCapacity.
	capacity, classes map[string]bool
	// volumes are the smallest numbers of volumes that a node attaches, by driver.
	volumes map[string]int
}

func (l *limits) addDriver(d *storagev1.CSIDriver) {
	if d.Spec.StorageCapacity != nil && *d.Spec.StorageCapacity {
		l.capacity[d.Name] = true
	}
}

func (l *limits) addNode(n *storagev1.CSINode) {
	for _, d := range n.Spec.Drivers {
		if d.Allocatable == nil || d.Allocatable.Count == nil {
			continue
		}
		if least, ok := l.volumes[d.Name]; !ok || int(*d.Allocatable.Count) < least {
			l.volumes[d.Name] = int(*d.Allocatable.Count)
		}
	}
}

func (s *Storage) addCapacity(c *storagev1.CSIStorageCapacity) {
	s.limits.classes[c.StorageClassName] = true
}

// LimitsCapacity reports whether the free capacity of a class decides where its volumes are created.
func (s *Storage) LimitsCapacity(class *storagev1.StorageClass) bool {
	return s.limits.classes[class.Name] || s.limits.capacity[class.Provisioner]
}

// Driver returns the CSI driver of a volume, "" if it is not known.
func (r *Reach) Driver() string {
	switch {
	case r.Volume != nil && r.Volume.Spec.CSI != nil:
		return r.Volume.Spec.CSI.Driver
	case r.Volume == nil && r.Class != nil:
		return r.Class.Provisioner
	}
	return ""
}

// MostVolumes returns how many volumes of a driver every node can attach; ok is false if no node has a known limit.
func (s *Storage) MostVolumes(driver string) (n int, ok bool) {
	n, ok = s.limits.volumes[driver]
	return n, ok
}
