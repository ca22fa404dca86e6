package storage

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/component-helpers/storage/volume"
)

// Reach is where a volume is usable, and by whom.
type Reach struct {
	// Volume is the PersistentVolume of a bound claim, nil otherwise or if it is not in the input.
	Volume *corev1.PersistentVolume
	// Class is the StorageClass of a claim that is not bound, nil if it is not in the input.
	Class *storagev1.StorageClass
	// Scope is where the volume stays once its first pod is placed, or once it is created. Its nodes have the same value of the
	// first of Labels that the node of the pod has. With EveryLabel, they have the same value of all of them.
	Scope      Scope
	Labels     []string
	EveryLabel bool
	// Zones is the number of zones of a volume that is replicated across zones, 0 for other volumes.
	Zones int
	// Delayed volumes are created or bound when their first pod is placed, others before.
	Delayed bool
	// Static volumes are never created: the claim binds a PersistentVolume of the input.
	Static bool
	// Refused is why the provisioner creates no volume for the claim, in a sentence; "" if it does. The volume is Static, too.
	Refused string
	// Missing is set if the claim names a PersistentVolume of another claim: it is never bound.
	Missing bool
	// Attached volumes are attached to a node before a pod there starts.
	Attached bool
	// Single volumes are attached to one node at a time, and OnePod volumes are used by one pod at a time.
	Single, OnePod bool
	// AnyTopology is the label of the class's allowed topologies that no node has: every node is assumed to be allowed.
	AnyTopology string
	// Assumed is what is assumed of the volume because the input does not have it, in a sentence; "" if nothing is.
	Assumed string
}

// reach decides where the volume of a claim is usable.
func (s *Storage) reach(m Mount) Reach {
	pv, missing := s.bound(m)
	if pv != nil {
		return s.ReachOf(pv)
	}
	class := s.Classes[className(m.Claim)]
	r := Reach{Class: class, Missing: missing, Delayed: class == nil || isDelayed(class)}
	switch {
	case m.Unknown:
		r.assume("PersistentVolumeClaim %s is not in the input. It is assumed to be ReadWriteOnce, and its volume to be usable in one zone only.", m.Name)
		r.Scope, r.Labels, r.Attached, r.Single = Zone, labels[Zone], true, true
		return r
	case class != nil:
		if !s.setDriver(&r, class.Provisioner, class.Parameters) {
			r.assume("StorageClass %s: its provisioner %s is unknown. %s", class.Name, class.Provisioner, oneZone)
		}
		if r.AnyTopology = s.anyTopology[class.Name]; r.AnyTopology != "" {
			r.assume("StorageClass %s allows volumes only where nodes have some values of the label %s, which is not in the input. Every node is assumed to be allowed, and nothing is proven by that.", class.Name, r.AnyTopology)
		}
		r.Static = class.Provisioner == noProvisioner && s.hasVolumes(class.Name, false)
		// Nothing is on a node before the first pod is placed, whatever the class says.
		r.Delayed = r.Delayed || !r.Static && isUnpinned(class.Provisioner)
		if m.Claim.Spec.VolumeName == "" { // a bound claim has its volume
			r.Refused = refusal(class, m.Claim)
		}
		r.Static = r.Static || r.Refused != ""
	case volume.PersistentVolumeClaimHasClass(m.Claim) && s.hasVolumes(className(m.Claim), true):
		r.Static, r.Delayed = true, false // the class of PersistentVolumes need not exist
	default:
		r.Scope, r.Labels, r.Attached = Zone, labels[Zone], true
		switch {
		case volume.PersistentVolumeClaimHasClass(m.Claim) && className(m.Claim) == "":
			r.assume("PersistentVolumeClaim %s has no class, and its PersistentVolume is not in the input. %s", m.Name, oneVolumeOneZone)
		case !volume.PersistentVolumeClaimHasClass(m.Claim):
			r.assume("The default StorageClass is not in the input. %s", oneZone)
		default:
			r.assume("StorageClass %s is not in the input. %s", className(m.Claim), oneZone)
		}
	}
	r.setModes(m.Claim.Spec.AccessModes)
	return r
}

const (
	oneZone          = "Its volumes are assumed to be usable in one zone only."
	oneVolumeOneZone = "It is assumed to be usable in one zone only."
)

func (r *Reach) assume(format string, args ...any) { r.Assumed = fmt.Sprintf(format, args...) }

// setModes sets who may use a volume with some access modes at a time (IsMultiAttachAllowed in pkg/volume/util/util.go). The
// scheduler, not the attachment, enforces ReadWriteOncePod.
func (r *Reach) setModes(modes []corev1.PersistentVolumeAccessMode) {
	several := func(m corev1.PersistentVolumeAccessMode) bool {
		return m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany
	}
	r.OnePod = slices.Contains(modes, corev1.ReadWriteOncePod)
	r.Single = r.OnePod || r.Attached && len(modes) > 0 && !slices.ContainsFunc(modes, several)
}

// OfClaim returns where the volume of a claim of the input is usable, and by whom.
func (s *Storage) OfClaim(claim *corev1.PersistentVolumeClaim) Reach {
	return s.reach(Mount{Name: claim.Name, Claim: s.withDefault(claim)})
}

// IsShared reports whether pods on several nodes are known to be able to use the volume at the same time, whatever the access
// modes of its claim: nothing attaches it, and it is usable on every node.
func (r *Reach) IsShared() bool { return !r.Single && r.Assumed == "" && r.IsRemote() }

// IsLocal reports whether the volume is known to be on one node, where all of its pods run.
func (r *Reach) IsLocal() bool {
	return r.Scope == Node && r.Assumed == "" || r.Volume != nil && r.Volume.Spec.Local != nil
}

// IsRemote reports whether a volume is usable on every node, through the network.
func (r *Reach) IsRemote() bool {
	return r.Scope == Anywhere && !r.IsDirectory() && (r.Volume == nil || len(Selectors(r.Volume)) == 0)
}

// IsDirectory reports whether the volume is a directory of the node, another one on each.
func (r *Reach) IsDirectory() bool {
	return r.Volume != nil && r.Volume.Spec.HostPath != nil && r.Scope == Anywhere && len(Selectors(r.Volume)) == 0
}

// hasVolumes reports whether the input has PersistentVolumes of a class, with unclaimed some without a claim.
func (s *Storage) hasVolumes(class string, unclaimed bool) bool {
	return slices.ContainsFunc(s.Volumes, func(v *corev1.PersistentVolume) bool {
		return volume.GetPersistentVolumeClass(v) == class && (!unclaimed || v.Spec.ClaimRef == nil)
	})
}

func className(c *corev1.PersistentVolumeClaim) string {
	return volume.GetPersistentVolumeClaimClass(c)
}

// setDriver sets what follows from the driver of a volume, and from the parameters of its class. It reports whether the driver is
// known.
func (s *Storage) setDriver(r *Reach, name string, parameters map[string]string) bool {
	r.Scope, r.Attached = Zone, true
	known := knownDriver(name)
	if known != nil {
		r.Scope, r.Attached = known.scope, !known.unattached
	}
	if attached, ok := s.attached[name]; ok {
		r.Attached = attached
	}
	for _, e := range exceptions {
		for key, value := range parameters {
			if isNamed(e.driver, name) && strings.EqualFold(key, e.parameter) && e.matches(value) {
				r.Scope, r.Zones = e.scope, e.zones
			}
		}
	}
	keys, listed := s.topologyKeys[name]
	switch {
	case listed && len(keys) == 0: // the driver reports no topology on these nodes
		r.Scope = Anywhere
		return true
	case known == nil && listed:
		r.Labels, r.EveryLabel = keys, true
		return true
	case known != nil && known.key != "" && r.Scope == known.scope:
		r.Labels = []string{known.key}
	}
	r.Labels = append(r.Labels, labels[r.Scope]...)
	return known != nil
}

// KeepsVolumes reports whether a class is known to create volumes that stay in one zone or on one node from the beginning.
func (s *Storage) KeepsVolumes(class *storagev1.StorageClass) bool {
	var r Reach
	known := s.setDriver(&r, class.Provisioner, class.Parameters)
	unpinned := isUnpinned(class.Provisioner) && class.Provisioner != noProvisioner
	return known && r.Scope != Anywhere && r.Zones == 0 && !unpinned
}

// isUnpinned reports whether the volumes of a driver are on one node without a node affinity.
func isUnpinned(name string) bool {
	d := knownDriver(name)
	return d != nil && (d.unpinned || d.name == noProvisioner)
}

// bound returns the PersistentVolume of a claim: the one that it names, or one that names the claim. missing reports that the
// claim names a volume of another claim.
func (s *Storage) bound(m Mount) (pv *corev1.PersistentVolume, missing bool) {
	for _, v := range s.Volumes {
		switch ref := v.Spec.ClaimRef; {
		case v.Name == m.Claim.Spec.VolumeName && m.Claim.Spec.VolumeName != "":
			if ref != nil && !isReference(ref, m.Claim) {
				return nil, true
			}
			return v, false
		case m.Claim.Spec.VolumeName == "" && ref != nil && isReference(ref, m.Claim) && v.Status.Phase != corev1.VolumeReleased && v.Status.Phase != corev1.VolumeFailed:
			pv = v
		}
	}
	return pv, false
}

// isReference reports whether a PersistentVolume refers to a claim. A claim of manifests may have no namespace and no UID yet.
func isReference(ref *corev1.ObjectReference, claim *corev1.PersistentVolumeClaim) bool {
	return ref.Name == claim.Name && (claim.Namespace == "" || ref.Namespace == claim.Namespace) && (ref.UID == "" || claim.UID == "" || ref.UID == claim.UID)
}

// ReachOf decides where a PersistentVolume is usable. Its node affinity and its labels are in Selectors. Without them, a
// network volume is usable on every node, and a directory of the node (hostPath) is another one on each. The data of a local volume or
// of a zonal disk is in one place all the same: where its first pod is.
func (s *Storage) ReachOf(v *corev1.PersistentVolume) Reach {
	r := Reach{Volume: v, Delayed: true, Scope: Anywhere}
	inTree, disk := inTreeDriver(&v.Spec.PersistentVolumeSource)
	switch {
	case v.Spec.CSI != nil:
		if !s.setDriver(&r, v.Spec.CSI.Driver, v.Spec.CSI.VolumeAttributes) {
			r.Scope = Anywhere // by the API, as there is no node affinity
		}
	case disk:
		s.setDriver(&r, inTree, nil)
	case v.Spec.HostPath != nil && len(Selectors(v)) == 0:
		r.assume("PersistentVolume %s is a directory of the node (hostPath) without a node affinity. Every node has its own: a pod on another node does not find the data.", v.Name)
	case v.Spec.Local != nil:
		r.Scope, r.Labels = Node, labels[Node]
	case v.Spec.ISCSI != nil || v.Spec.FC != nil || v.Spec.RBD != nil:
		r.Attached = true
	}
	lacks := "has no node affinity"
	if scope, ok := s.elsewhere[v.Name]; ok {
		r.Scope, r.Labels, r.EveryLabel = scope, labels[scope], false
		lacks = "is on none of the nodes"
	}
	switch {
	case len(Selectors(v)) > 0:
		r.Scope, r.Labels, r.EveryLabel = Anywhere, nil, false
	case r.Scope == Node:
		r.assume("PersistentVolume %s %s. It is assumed to be usable on the node of its first pod only.", v.Name, lacks)
	case r.Scope != Anywhere:
		r.assume("PersistentVolume %s %s. %s", v.Name, lacks, oneVolumeOneZone)
	}
	r.setModes(v.Spec.AccessModes)
	return r
}

// inTreeDriver returns the provisioner of a disk that Kubernetes translates to a CSI volume.
func inTreeDriver(source *corev1.PersistentVolumeSource) (name string, ok bool) {
	switch {
	case source.AWSElasticBlockStore != nil:
		return "kubernetes.io/aws-ebs", true
	case source.GCEPersistentDisk != nil:
		return "kubernetes.io/gce-pd", true
	case source.AzureDisk != nil:
		return "kubernetes.io/azure-disk", true
	case source.Cinder != nil:
		return "kubernetes.io/cinder", true
	case source.VsphereVolume != nil:
		return "kubernetes.io/vsphere-volume", true
	}
	return "", false
}

// zoneLabels are the labels of PersistentVolumes that the plugin VolumeZone compares with those of nodes.
var zoneLabels = []string{corev1.LabelTopologyZone, corev1.LabelTopologyRegion, corev1.LabelFailureDomainBetaZone, corev1.LabelFailureDomainBetaRegion}

// Selectors returns what the scheduler requires of the node of a PersistentVolume: its node affinity, and its zone labels unless
// the node has none (pkg/scheduler/framework/plugins/volumezone). All must match.
func Selectors(v *corev1.PersistentVolume) []*corev1.NodeSelector {
	var all []*corev1.NodeSelector
	if v.Spec.NodeAffinity != nil && v.Spec.NodeAffinity.Required != nil {
		all = append(all, v.Spec.NodeAffinity.Required)
	}
	for _, key := range zoneLabels {
		value, ok := v.Labels[key]
		if !ok {
			continue
		}
		none := corev1.NodeSelectorTerm{}
		for _, other := range zoneLabels {
			none.MatchExpressions = append(none.MatchExpressions, corev1.NodeSelectorRequirement{Key: other, Operator: corev1.NodeSelectorOpDoesNotExist})
		}
		in := func(key string) corev1.NodeSelectorTerm {
			return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: corev1.NodeSelectorOpIn, Values: strings.Split(value, "__")}}}
		}
		terms := []corev1.NodeSelectorTerm{in(key), none}
		if current := currentLabel[key]; current != "" {
			terms = append(terms, in(current))
		}
		all = append(all, &corev1.NodeSelector{NodeSelectorTerms: terms})
	}
	return all
}

// currentLabel has the current label for each beta one.
var currentLabel = map[string]string{corev1.LabelFailureDomainBetaZone: corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaRegion: corev1.LabelTopologyRegion}
