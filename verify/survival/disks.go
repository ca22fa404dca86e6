package survival

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// disks are the claims of pods, and where their disks are. A disk stays where it was made: in a zone, or on a node.
//
// A disk is made in the zone of its first pod (WaitForFirstConsumer), which is also taken of a class that nobody describes. A
// class that makes it before there is a pod (Immediate) may choose any zone: all are in the first one, which is the worst.
// Left out: what a class says of allowed topologies, and disks that are in no zone.
type disks struct {
	classes map[string]*storagev1.StorageClass
	// usual is the class of claims that name none, nil if nobody says.
	usual *storagev1.StorageClass
	// claims are those that stand by themselves, by namespace and name.
	claims map[string]*corev1.PersistentVolumeClaim
	first  string
	// at is where disks are, by the claim.
	at map[string]corev1.NodeSelectorRequirement
}

// onNodes are provisioners whose disks are those of a node: local volumes made by hand, and Rancher's, which k3s and kind
// come with.
var onNodes = []string{"kubernetes.io/no-provisioner", "rancher.io/local-path"}

// newDisks reads the storage classes and claims of a system.
func newDisks(s *workload.System, c cluster.Cluster) (*disks, error) {
	d := &disks{classes: map[string]*storagev1.StorageClass{}, claims: map[string]*corev1.PersistentVolumeClaim{}, at: map[string]corev1.NodeSelectorRequirement{}}
	if zones := c.Zones(); len(zones) > 0 {
		d.first = zones[0]
	}
	for _, o := range s.Objects {
		switch {
		case o.Group() == "storage.k8s.io" && o.Kind == "StorageClass":
			class := &storagev1.StorageClass{}
			if err := o.Decode(class); err != nil {
				return nil, err
			}
			d.classes[class.Name] = class
			if class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
				d.usual = class
			}
		case o.Group() == "" && o.Kind == "PersistentVolumeClaim":
			claim := &corev1.PersistentVolumeClaim{}
			if err := o.Decode(claim); err != nil {
				return nil, err
			}
			d.claims[o.Namespace+"/"+o.Name] = claim
		}
	}
	return d, nil
}

// each calls for each claim of a pod: its own, and those that it shares with others.
func (d *disks) each(p *pod, do func(key string, class *storagev1.StorageClass)) {
	for i := range p.of.of.Claims {
		claim := &p.of.of.Claims[i]
		do(p.object.Namespace+"/"+claim.Name+"-"+p.object.Name, d.class(claim))
	}
	for _, v := range p.object.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			key := p.object.Namespace + "/" + v.PersistentVolumeClaim.ClaimName
			do(key, d.class(d.claims[key]))
		}
	}
}

// class is that of a claim, nil if nothing is known of it.
func (d *disks) class(claim *corev1.PersistentVolumeClaim) *storagev1.StorageClass {
	if claim == nil || claim.Spec.StorageClassName == nil {
		return d.usual
	}
	return d.classes[*claim.Spec.StorageClassName]
}

// made makes the disks that do not wait for a pod to be placed.
func (d *disks) made(w *world, p *pod) {
	d.each(p, func(key string, class *storagev1.StorageClass) {
		if class != nil && (class.VolumeBindingMode == nil || *class.VolumeBindingMode == storagev1.VolumeBindingImmediate) && !slices.Contains(onNodes, class.Provisioner) {
			d.stay(w, key, cluster.ZoneLabel, d.first)
		}
	})
}

// used makes the disks of a pod that was placed.
func (d *disks) used(w *world, p *pod) {
	d.each(p, func(key string, class *storagev1.StorageClass) {
		label := cluster.ZoneLabel
		if class != nil && slices.Contains(onNodes, class.Provisioner) {
			label = cluster.HostLabel
		}
		d.stay(w, key, label, p.node.object.Labels[label])
	})
}

// stay notes where a disk is, unless that is known already. A node that is in no zone binds nothing.
func (d *disks) stay(w *world, key, label, value string) {
	if _, is := d.at[key]; is || value == "" {
		return
	}
	d.at[key] = corev1.NodeSelectorRequirement{Key: label, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}
	w.happened(func() { delete(d.at, key) })
}

// bound is a copy of the pod, bound to where its disks are.
func (d *disks) bound(p *pod) *corev1.Pod {
	object := *p.object
	copied := false
	d.each(p, func(key string, _ *storagev1.StorageClass) {
		if at, is := d.at[key]; is {
			if !copied {
				object.Spec.Affinity = p.object.Spec.Affinity.DeepCopy()
				copied = true
			}
			bind(&object, at, false)
		}
	})
	return &object
}

// bind adds a requirement on the node, of a label or, if field, of its name.
func bind(p *corev1.Pod, r corev1.NodeSelectorRequirement, field bool) {
	if p.Spec.Affinity == nil {
		p.Spec.Affinity = &corev1.Affinity{}
	}
	if p.Spec.Affinity.NodeAffinity == nil {
		p.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := &p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if *required == nil {
		*required = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
	}
	for i := range (*required).NodeSelectorTerms {
		term := &(*required).NodeSelectorTerms[i]
		if field {
			term.MatchFields = append(term.MatchFields, r)
		} else {
			term.MatchExpressions = append(term.MatchExpressions, r)
		}
	}
}
