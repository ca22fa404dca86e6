package checks

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/storage"
)

// volumes finds bound volumes that no node can use, lost claims, and StatefulSets whose volumes are all in one zone.
var volumes = Check{
	ID: "volumes", Title: "Existing volumes are usable, and those of a StatefulSet are in several zones",
	Reads: []snapshot.Resource{snapshot.Volumes, snapshot.Claims, snapshot.StatefulSets, snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		bound := 0
		reach := map[string][]*corev1.Node{} // the nodes of each bound volume
		for _, v := range s.Volumes {
			if v.Status.Phase != corev1.VolumeBound || v.Spec.ClaimRef == nil {
				continue
			}
			bound++
			reach[v.Name] = usableOn(v, s.Nodes)
			findings = append(findings, volumeFindings(v, reach[v.Name])...)
		}
		claims := map[string]*corev1.PersistentVolumeClaim{}
		for _, c := range s.Claims {
			claims[c.Namespace+"/"+c.Name] = c
			if c.Status.Phase == corev1.ClaimLost {
				findings = append(findings, Finding{
					Status: Fail, Object: "PersistentVolumeClaim " + c.Namespace + "/" + c.Name,
					Message: fmt.Sprintf("is Lost: its PersistentVolume %s does not exist", c.Spec.VolumeName),
					Fix:     "restore the volume from a backup, and delete the claim",
				})
			}
		}
		if len(zonesOf(s.Nodes)) < 2 {
			return count(bound, "bound volume"), findings
		}
		for _, set := range s.StatefulSets {
			replicas := 1
			if set.Spec.Replicas != nil {
				replicas = int(*set.Spec.Replicas)
			}
			for _, t := range set.Spec.VolumeClaimTemplates {
				zone, ok := commonZone(set.Namespace, t.Name+"-"+set.Name, replicas, claims, reach)
				if ok {
					findings = append(findings, Finding{
						Status: Warn, Object: "StatefulSet " + set.Namespace + "/" + set.Name,
						Message: fmt.Sprintf("all %d volumes of its template %s are usable in zone %s only: the loss of this zone stops all its pods", replicas, t.Name, zone),
						Fix:     "spread its pods over zones, then move or recreate the volumes one by one",
					})
				}
			}
		}
		return count(bound, "bound volume"), findings
	},
}

// usableOn returns the nodes that a PersistentVolume allows.
func usableOn(v *corev1.PersistentVolume, nodes []*corev1.Node) []*corev1.Node {
	for _, one := range storage.Selectors(v) {
		selector := nodeaffinity.NewLazyErrorNodeSelector(one)
		nodes = filter(nodes, func(n *corev1.Node) bool { ok, err := selector.Match(n); return ok && err == nil })
	}
	return nodes
}

func volumeFindings(v *corev1.PersistentVolume, nodes []*corev1.Node) []Finding {
	claim := v.Spec.ClaimRef.Namespace + "/" + v.Spec.ClaimRef.Name
	object := "PersistentVolume " + v.Name
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	switch usable := filter(nodes, isUsable); {
	case len(nodes) == 0:
		return []Finding{{Fail, object, fmt.Sprintf("is usable on no node: a new pod with claim %s stays Pending", claim),
			"add a node in the zone of the volume, or restore the data into a new volume"}}
	case len(usable) == 0:
		return []Finding{{Fail, object, fmt.Sprintf("is usable only on nodes that are not Ready or cordoned (%s): a new pod with claim %s stays Pending", some(names), claim),
			"repair or uncordon one of these nodes, or add one in the zone of the volume"}}
	}
	return nil
}

// commonZone returns the zone in which all volumes of a claim template are usable; ok is false if there is none, if one volume is not
// bound, or if there are less than two.
func commonZone(namespace, prefix string, replicas int, claims map[string]*corev1.PersistentVolumeClaim, reach map[string][]*corev1.Node) (zone string, ok bool) {
	if replicas < 2 {
		return "", false
	}
	for i := range replicas {
		claim := claims[fmt.Sprintf("%s/%s-%d", namespace, prefix, i)]
		if claim == nil || claim.Spec.VolumeName == "" {
			return "", false
		}
		zones := zonesOf(reach[claim.Spec.VolumeName])
		if len(zones) != 1 || zone != "" && zone != zones[0] {
			return "", false
		}
		zone = zones[0]
	}
	return zone, strings.TrimSpace(zone) != ""
}
