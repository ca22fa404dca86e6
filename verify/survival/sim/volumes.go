package sim

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// volumes are the claims of pods and the topology that each volume is pinned to: a zone or a node.
//
// With WaitForFirstConsumer, and with an unknown StorageClass, a volume is created in the zone of its first pod. With
// Immediate it is created before the pod, in any zone: here in the first one, the worst case. Both keep to the allowed
// topologies of the class. Not simulated: volumes that are usable in every zone.
type volumes struct {
	journal *journal
	nodes   []*corev1.Node
	classes map[string]*storagev1.StorageClass
	// defaultClass is the class of claims without one, nil if there is none in the input.
	defaultClass *storagev1.StorageClass
	// unattached are the CSI drivers with attachRequired: false.
	unattached map[string]bool
	// claims are the PersistentVolumeClaims of the input, by namespace and name.
	claims map[string]*corev1.PersistentVolumeClaim
	// pinned are the topologies of volumes, by namespace and name of the claim.
	pinned map[string]corev1.NodeSelectorRequirement
}

// localProvisioners create volumes on a node: local volumes created by hand, and Rancher's, which k3s and kind include.
var localProvisioners = []string{"kubernetes.io/no-provisioner", "rancher.io/local-path"}

// newVolumes reads the StorageClasses, CSIDrivers and PersistentVolumeClaims of a system.
func newVolumes(s *workload.System, nodes []*corev1.Node, j *journal) (*volumes, error) {
	v := &volumes{
		journal: j, nodes: nodes,
		classes: map[string]*storagev1.StorageClass{}, unattached: map[string]bool{}, claims: map[string]*corev1.PersistentVolumeClaim{},
		pinned: map[string]corev1.NodeSelectorRequirement{},
	}
	for _, o := range s.Objects {
		switch {
		case o.Group() == "storage.k8s.io" && o.Kind == "StorageClass":
			class := &storagev1.StorageClass{}
			if err := o.Decode(class); err != nil {
				return nil, err
			}
			v.classes[class.Name] = class
			if class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
				v.defaultClass = class
			}
		case o.Group() == "storage.k8s.io" && o.Kind == "CSIDriver":
			driver := &storagev1.CSIDriver{}
			if err := o.Decode(driver); err != nil {
				return nil, err
			}
			v.unattached[driver.Name] = !ptr.Deref(driver.Spec.AttachRequired, true)
		case o.Group() == "" && o.Kind == "PersistentVolumeClaim":
			claim := &corev1.PersistentVolumeClaim{}
			if err := o.Decode(claim); err != nil {
				return nil, err
			}
			v.claims[o.Namespace+"/"+o.Name] = claim
		}
	}
	return v, nil
}

// forEach calls do for each claim of a pod: its own from volumeClaimTemplates, and those that it may share with other
// pods.
func (v *volumes) forEach(p *Pod, do func(key string, class *storagev1.StorageClass)) {
	for i := range p.controller.Workload.Claims {
		claim := &p.controller.Workload.Claims[i]
		do(p.object.Namespace+"/"+claim.Name+"-"+p.object.Name, v.class(claim))
	}
	for _, volume := range p.object.Spec.Volumes {
		if volume.PersistentVolumeClaim != nil {
			key := p.object.Namespace + "/" + volume.PersistentVolumeClaim.ClaimName
			do(key, v.class(v.claims[key]))
		}
	}
}

// class returns the StorageClass of a claim, nil if it is not in the input.
func (v *volumes) class(claim *corev1.PersistentVolumeClaim) *storagev1.StorageClass {
	if claim == nil || claim.Spec.StorageClassName == nil {
		return v.defaultClass
	}
	return v.classes[*claim.Spec.StorageClassName]
}

// bindImmediate creates the volumes of a new pod that have the binding mode Immediate.
func (v *volumes) bindImmediate(p *Pod) {
	v.forEach(p, func(key string, class *storagev1.StorageClass) {
		if class != nil && (class.VolumeBindingMode == nil || *class.VolumeBindingMode == storagev1.VolumeBindingImmediate) && !slices.Contains(localProvisioners, class.Provisioner) {
			v.pin(key, cluster.ZoneLabel, v.firstZone(class))
		}
	})
}

// bindFirstConsumer creates the volumes of a pod on a node that have the binding mode WaitForFirstConsumer.
func (v *volumes) bindFirstConsumer(p *Pod) {
	v.forEach(p, func(key string, class *storagev1.StorageClass) {
		label := cluster.ZoneLabel
		if class != nil && slices.Contains(localProvisioners, class.Provisioner) {
			label = cluster.HostLabel
		}
		v.pin(key, label, p.node.object.Labels[label])
	})
}

// pin sets the topology of a volume unless it has one. A node without a zone pins nothing.
func (v *volumes) pin(key, label, value string) {
	if _, ok := v.pinned[key]; ok || value == "" {
		return
	}
	v.pinned[key] = corev1.NodeSelectorRequirement{Key: label, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}
	v.journal.record(func() { delete(v.pinned, key) })
}

// firstZone returns the first zone by name in which a class may create volumes, "" if there is none.
func (v *volumes) firstZone(class *storagev1.StorageClass) string {
	terms := v.allowed(class)
	allowed := nodeaffinity.NewLazyErrorNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: terms})
	first := ""
	for _, n := range v.nodes {
		if fits, err := allowed.Match(n); len(terms) > 0 && (!fits || err != nil) {
			continue
		}
		if zone := n.Labels[cluster.ZoneLabel]; zone != "" && (first == "" || zone < first) {
			first = zone
		}
	}
	return first
}

// allowed returns the allowed topologies of a class as node selector terms; all nodes without terms. Labels that no
// node of the cluster has are ignored: those of CSI drivers are missing on nodes from flags.
func (v *volumes) allowed(class *storagev1.StorageClass) []corev1.NodeSelectorTerm {
	if class == nil {
		return nil
	}
	var terms []corev1.NodeSelectorTerm
	for _, topology := range class.AllowedTopologies {
		term := corev1.NodeSelectorTerm{}
		for _, r := range topology.MatchLabelExpressions {
			if slices.ContainsFunc(v.nodes, func(n *corev1.Node) bool { _, ok := n.Labels[r.Key]; return ok }) {
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

// selectors returns a node selector for each volume of a pod that limits the nodes: the pod fits where all of them match.
func (v *volumes) selectors(p *Pod) []*corev1.NodeSelector {
	var all []*corev1.NodeSelector
	v.forEach(p, func(key string, class *storagev1.StorageClass) {
		terms := v.allowed(class)
		if pinned, ok := v.pinned[key]; ok {
			terms = []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{pinned}}}
		}
		if len(terms) > 0 {
			all = append(all, &corev1.NodeSelector{NodeSelectorTerms: terms})
		}
	})
	return all
}
