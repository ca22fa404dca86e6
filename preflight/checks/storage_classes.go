package checks

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/storage"
)

// storageClasses finds a missing or repeated default class, and classes whose volumes end up in the wrong place or cannot grow.
var storageClasses = Check{
	ID: "storage-classes", Title: "One default StorageClass; volumes follow their pods and can grow", Reads: []snapshot.Resource{snapshot.Classes, snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		defaults := filter(s.Classes, storage.IsDefault)
		var names []string
		for _, c := range defaults {
			names = append(names, c.Name)
		}
		var findings []Finding
		switch len(defaults) {
		case 0:
			findings = append(findings, Finding{
				Status: Warn, Message: "no default StorageClass: PersistentVolumeClaims without a class stay Pending",
				Fix: "name a class in each claim, or annotate one with storageclass.kubernetes.io/is-default-class=true",
			})
		case 1:
		default:
			findings = append(findings, Finding{
				Status: Warn, Message: fmt.Sprintf("%d default StorageClasses (%s): claims without a class get the newest", len(defaults), strings.Join(names, ", ")),
				Fix: "remove the annotation storageclass.kubernetes.io/is-default-class from all but one",
			})
		}
		all := storage.OfClasses(s.Classes)
		for _, c := range s.Classes {
			findings = append(findings, classFindings(all, c, s.Nodes)...)
		}
		return fmt.Sprintf("%s, default %s", count(len(s.Classes), "class"), strings.Join(names, ", ")), findings
	},
}

func classFindings(all *storage.Storage, c *storagev1.StorageClass, nodes []*corev1.Node) (findings []Finding) {
	object := "StorageClass " + c.Name
	add := func(message, fix string) { findings = append(findings, Finding{Warn, object, message, fix}) }
	immediate := c.VolumeBindingMode == nil || *c.VolumeBindingMode == storagev1.VolumeBindingImmediate
	if immediate && all.KeepsVolumes(c) {
		add(fmt.Sprintf("volumeBindingMode is Immediate, and volumes of %s stay in one zone or on one node: they are created before the scheduler selects a node", c.Provisioner),
			"create a class with volumeBindingMode: WaitForFirstConsumer; the field cannot be changed")
	}
	if storage.IsDefault(c) && (c.AllowVolumeExpansion == nil || !*c.AllowVolumeExpansion) {
		add("allowVolumeExpansion is not true: a full volume of the default class cannot grow", "set allowVolumeExpansion: true if the driver supports it")
	}
	terms := storage.Allowed(c)
	if len(terms) == 0 {
		return findings
	}
	selector := nodeaffinity.NewLazyErrorNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: terms})
	allowed := filter(nodes, func(n *corev1.Node) bool { ok, err := selector.Match(n); return ok && err == nil })
	if len(allowed) == 0 {
		add("allowedTopologies match no node: no volume can be used", "correct allowedTopologies in a new class")
		return findings
	}
	workers := filter(nodes, func(n *corev1.Node) bool { return !isReserved(n) })
	in := zonesOf(allowed)
	if missing := without(zonesOf(workers), in); len(missing) > 0 {
		add(fmt.Sprintf("allowedTopologies exclude the zones %s: pods with its volumes never run there", strings.Join(missing, ", ")), "create a class that allows all zones")
	}
	return findings
}

// without returns the names that are not in others.
func without(names, others []string) []string {
	has := map[string]bool{}
	for _, o := range others {
		has[o] = true
	}
	return filter(names, func(n string) bool { return !has[n] })
}
