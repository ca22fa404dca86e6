// Package storage reads the volumes of pods as Kubernetes does: StorageClasses, CSI drivers, PersistentVolumes and
// PersistentVolumeClaims. It decides on which nodes a volume is usable, and whether several pods may use it.
//
// Names and versions of drivers, with what they report of their topology, are data: see drivers.
package storage

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/storage/volume"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// Storage has the storage objects of a system.
type Storage struct {
	// Classes are the StorageClasses by name.
	Classes map[string]*storagev1.StorageClass
	// Volumes are the PersistentVolumes, sorted by name. Those of manifests without a status are available.
	Volumes []*corev1.PersistentVolume

	// defaultClass is the class of claims without one, nil if there is none in the input.
	defaultClass *storagev1.StorageClass
	// attached is spec.attachRequired of the CSIDrivers, by name.
	attached map[string]bool
	// topologyKeys are the node labels of each driver's topology, by driver, from the CSINodes.
	topologyKeys map[string][]string
	// claims are the PersistentVolumeClaims by namespace and name.
	claims map[string]*corev1.PersistentVolumeClaim
	// elsewhere are the scopes of the PersistentVolumes of another cluster, by name. See WithoutNodes.
	elsewhere map[string]Scope
	limits    limits
	// anyTopology are the labels of allowed topologies that no node has, by class. See WithoutNodes.
	anyTopology map[string]string
}

// noProvisioner is the provisioner of classes without dynamic provisioning.
const noProvisioner = "kubernetes.io/no-provisioner"

// Read reads the storage objects among some objects.
func Read(objects []*manifest.Object) (*Storage, error) {
	s := empty()
	for _, o := range objects {
		read := readers[o.Group()+"/"+o.Kind]
		if read == nil {
			continue
		}
		if err := read(s, o); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(s.Volumes, func(a, b *corev1.PersistentVolume) int { return cmp.Compare(a.Name, b.Name) })
	return s, nil
}

func empty() *Storage {
	return &Storage{
		Classes: map[string]*storagev1.StorageClass{}, attached: map[string]bool{}, topologyKeys: map[string][]string{},
		claims: map[string]*corev1.PersistentVolumeClaim{},
		limits: limits{capacity: map[string]bool{}, classes: map[string]bool{}, volumes: map[string]int{}},
	}
}

// OfClasses returns the storage with these StorageClasses alone.
func OfClasses(classes []*storagev1.StorageClass) *Storage {
	s := empty()
	for _, c := range classes {
		s.addClass(c)
	}
	return s
}

// IsDefault reports whether a class has the annotation of the default class.
func IsDefault(c *storagev1.StorageClass) bool {
	return slices.ContainsFunc(defaultAnnotations, func(a string) bool { return c.Annotations[a] == "true" })
}

// readers add an object to the storage, by group and kind.
var readers = map[string]func(*Storage, *manifest.Object) error{
	"storage.k8s.io/StorageClass":       as((*Storage).addClass),
	"storage.k8s.io/CSIDriver":          as((*Storage).addDriver),
	"storage.k8s.io/CSINode":            as((*Storage).addNode),
	"storage.k8s.io/CSIStorageCapacity": as((*Storage).addCapacity),
	"/PersistentVolume":                 as((*Storage).addVolume),
	"/PersistentVolumeClaim":            as((*Storage).addClaim),
}

func as[T any](add func(*Storage, *T)) func(*Storage, *manifest.Object) error {
	return func(s *Storage, o *manifest.Object) error {
		typed := new(T)
		if err := o.Decode(typed); err != nil {
			return err
		}
		add(s, typed)
		return nil
	}
}

// The annotations of default classes (pkg/volume/util/storageclass.go).
var defaultAnnotations = []string{"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}

// addClass adds a StorageClass. Of several default classes the newest counts, then the first by name (GetDefaultClass in
// pkg/volume/util/storageclass.go, which the admission plugin calls).
func (s *Storage) addClass(c *storagev1.StorageClass) {
	s.Classes[c.Name] = c
	if !IsDefault(c) {
		return
	}
	if d := s.defaultClass; d == nil || cmp.Or(c.CreationTimestamp.Compare(d.CreationTimestamp.Time), cmp.Compare(d.Name, c.Name)) > 0 {
		s.defaultClass = c
	}
}

func (s *Storage) addDriver(d *storagev1.CSIDriver) {
	s.limits.addDriver(d)
	s.attached[d.Name] = d.Spec.AttachRequired == nil || *d.Spec.AttachRequired
}

func (s *Storage) addNode(n *storagev1.CSINode) {
	s.limits.addNode(n)
	for _, d := range n.Spec.Drivers {
		keys := append(s.topologyKeys[d.Name], d.TopologyKeys...)
		slices.Sort(keys)
		s.topologyKeys[d.Name] = slices.Compact(keys)
	}
}

func (s *Storage) addVolume(v *corev1.PersistentVolume) {
	if v.Status.Phase == "" || v.Status.Phase == corev1.VolumePending {
		v.Status.Phase = corev1.VolumeAvailable
	}
	s.Volumes = append(s.Volumes, v)
}

func (s *Storage) addClaim(c *corev1.PersistentVolumeClaim) { s.claims[c.Namespace+"/"+c.Name] = c }

// withDefault returns a claim with the default class, if it has none and there is one in the input.
func (s *Storage) withDefault(c *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaim {
	if s.defaultClass == nil || volume.PersistentVolumeClaimHasClass(c) {
		return c
	}
	c = c.DeepCopy()
	c.Spec.StorageClassName = &s.defaultClass.Name
	return c
}

// isDelayed reports whether volumes of a class are created or bound when their first pod is placed.
func isDelayed(c *storagev1.StorageClass) bool {
	return c.VolumeBindingMode != nil && *c.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

// owned returns a claim of a pod that a controller creates from a template.
func owned(namespace, name string, template *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: template.Labels, Annotations: template.Annotations}, Spec: template.Spec}
}
