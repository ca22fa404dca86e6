package agreement

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/storage"
)

// claim returns the spec of a PersistentVolumeClaim.
func claim(class, mode string) object {
	return object{"storageClassName": class, "accessModes": []any{mode}, "resources": object{"requests": object{"storage": "1Gi"}}}
}

// ownVolumes gives each pod of a StatefulSet a volume: in its zone, on its node, on every node, or one of a few PersistentVolumes. Sometimes the
// pod template has a volume with the name of the claim template, which replaces it.
func ownVolumes(s *System, d dice, w *draft) {
	class := one(d, storage.Classes[0], cluster.Shared.Name, cluster.Local.Name, s.Name)
	w.describe("volumes of class %s", class)
	w.spec["volumeClaimTemplates"] = []any{object{"metadata": object{"name": "data"}, "spec": claim(class, string(corev1.ReadWriteOnce))}}
	if d.in(40) {
		w.describe("a volume that the template replaces")
		w.pod["volumes"] = []any{object{"name": "data", "persistentVolumeClaim": object{"claimName": "none"}}}
	}
	if class != s.Name {
		return
	}
	mode := one(d, "WaitForFirstConsumer", "Immediate")
	w.describe("%s, PersistentVolumes:", mode)
	s.Objects = append(s.Objects, object{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": object{"name": class}, "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": mode})
	for range w.Replicas {
		s.volume(d, w, corev1.ReadWriteOnce)
	}
}

// sharedVolume gives all pods of a Deployment one volume.
func sharedVolume(s *System, d dice, w *draft) {
	w.pod["volumes"] = []any{object{"name": "data", "persistentVolumeClaim": object{"claimName": w.Name}}}
	mode, class := one(d, corev1.ReadWriteMany, corev1.ReadWriteMany, corev1.ReadOnlyMany, corev1.ReadWriteOncePod), one(d, storage.Classes[0], cluster.Shared.Name, cluster.Local.Name, s.Name, s.Name)
	w.describe("a volume of class %s (%s)", class, mode)
	spec := claim(class, string(mode))
	if class == s.Name {
		w.describe("PersistentVolume:")
		name := s.volume(d, w, mode)
		if d.in(50) {
			w.describe("named by the claim")
			spec["volumeName"] = name
		}
	}
	s.Objects = append(s.Objects, object{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": s.named(w.Name), "spec": spec})
}

// volume adds a PersistentVolume for some nodes, or for all, and returns its name.
func (s *System) volume(d dice, w *draft, mode corev1.PersistentVolumeAccessMode) string {
	name := s.Name + "-" + string(rune('a'+len(s.Objects)))
	spec := object{"storageClassName": s.Name, "capacity": object{"storage": "1Gi"}, "accessModes": []any{string(mode)}, "nfs": object{"server": "localhost", "path": "/" + name}}
	node := one(d, s.Nodes...)
	switch label := one(d, "", corev1.LabelTopologyZone, corev1.LabelHostname); label {
	case corev1.LabelHostname:
		w.describe("on node %s", node.Name)
		spec["nodeAffinity"] = onNodes(label, node.Name)
	case corev1.LabelTopologyZone:
		w.describe("in zone %s", node.Zone)
		spec["nodeAffinity"] = onNodes(label, node.Zone)
	default:
		w.describe("on every node")
	}
	s.Objects = append(s.Objects, object{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": object{"name": name}, "spec": spec})
	return name
}

func onNodes(label, value string) object {
	return object{"required": object{"nodeSelectorTerms": []any{object{"matchExpressions": []any{object{"key": label, "operator": "In", "values": []any{value}}}}}}}
}
