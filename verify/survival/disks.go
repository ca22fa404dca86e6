package survival

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// disks are the claims of pods, and where their disks are. A disk stays where it was made: in a zone, or on a node.
//
// A disk is made in the zone of its first pod (WaitForFirstConsumer), which is also taken of a class that nobody describes. A
// class that makes it before there is a pod (Immediate) may choose any zone: all are in the first one, which is the worst. Both
// keep to the topologies that the class allows. Left out: disks that are in no zone.
type disks struct {
	classes map[string]*storagev1.StorageClass
	// usual is the class of claims that name none, nil if nobody says.
	usual *storagev1.StorageClass
	// unattached are drivers that say that their disks are not attached to nodes.
	unattached map[string]bool
	// claims are those that stand by themselves, by namespace and name.
	claims map[string]*corev1.PersistentVolumeClaim
	nodes  []*corev1.Node
	// at is where disks are, by the claim; users are the pods on nodes that have one which is not for all, in the order in
	// which they came.
	at    map[string]corev1.NodeSelectorRequirement
	users map[string][]*pod
}

// onNodes are provisioners whose disks are those of a node: local volumes made by hand, and Rancher's, which k3s and kind
// come with.
var onNodes = []string{"kubernetes.io/no-provisioner", "rancher.io/local-path"}

// newDisks reads the storage classes and claims of a system.
func newDisks(s *workload.System, c cluster.Cluster) (*disks, error) {
	d := &disks{
		classes: map[string]*storagev1.StorageClass{}, unattached: map[string]bool{}, claims: map[string]*corev1.PersistentVolumeClaim{},
		nodes: c.Nodes, at: map[string]corev1.NodeSelectorRequirement{}, users: map[string][]*pod{},
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
		case o.Group() == "storage.k8s.io" && o.Kind == "CSIDriver":
			driver := &storagev1.CSIDriver{}
			if err := o.Decode(driver); err != nil {
				return nil, err
			}
			d.unattached[driver.Name] = !ptr.Deref(driver.Spec.AttachRequired, true)
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
			d.stay(w, key, cluster.ZoneLabel, d.firstZone(class))
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

// firstZone is the first in which a class may make disks, "" if there is none.
func (d *disks) firstZone(class *storagev1.StorageClass) string {
	terms := d.allowed(class)
	allowed := nodeaffinity.NewLazyErrorNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: terms})
	first := ""
	for _, n := range d.nodes {
		if fits, err := allowed.Match(n); len(terms) > 0 && (!fits || err != nil) {
			continue
		}
		if zone := n.Labels[cluster.ZoneLabel]; zone != "" && (first == "" || zone < first) {
			first = zone
		}
	}
	return first
}

// allowed are the nodes on which a pod may be for which a class makes a disk, any if there are no terms. A label that no node
// has says nothing of this cluster: those of drivers are not on nodes that are made up.
func (d *disks) allowed(class *storagev1.StorageClass) []corev1.NodeSelectorTerm {
	if class == nil {
		return nil
	}
	var terms []corev1.NodeSelectorTerm
	for _, topology := range class.AllowedTopologies {
		term := corev1.NodeSelectorTerm{}
		for _, r := range topology.MatchLabelExpressions {
			if slices.ContainsFunc(d.nodes, func(n *corev1.Node) bool { _, is := n.Labels[r.Key]; return is }) {
				term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{Key: r.Key, Operator: corev1.NodeSelectorOpIn, Values: r.Values})
			}
		}
		if len(term.MatchExpressions) == 0 {
			return nil
		}
		terms = append(terms, term)
	}
	return terms
}

// on are the nodes on which the disks of a pod are, or may be made: those that each selector matches.
func (d *disks) on(p *pod) []*corev1.NodeSelector {
	var all []*corev1.NodeSelector
	d.each(p, func(key string, class *storagev1.StorageClass) {
		terms := d.allowed(class)
		if at, is := d.at[key]; is {
			terms = []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{at}}}
		}
		if len(terms) > 0 {
			all = append(all, &corev1.NodeSelector{NodeSelectorTerms: terms})
		}
	})
	return all
}
