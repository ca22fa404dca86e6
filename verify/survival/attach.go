package survival

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// A disk that only one node can have (ReadWriteOnce) is attached to that of the first pod which uses it, until no pod there
// does: pods that come to other nodes wait on them for it. It takes no time to attach and detach. From a lost node it is not
// taken while a pod that uses it stands there, as nobody says of its containers that they have stopped (DetermineVolumeAction
// in pkg/controller/volume/attachdetach/util), and the pod stands there until somebody helps.
//
// Left out: disks of StatefulSets' own claims, of which the next pod is not made before the last one is gone, and of claims
// that are not among the manifests.

// lack is what a pod waits for on its node: a claim that another has.
type lack struct {
	claim string
	other *pod
}

func (l *lack) String() string {
	at := l.other.node
	if !at.lost {
		return fmt.Sprintf("for claim %s, which pod %s on %s has", l.claim, l.other.key(), at.name())
	}
	return fmt.Sprintf("for claim %s, which pod %s has on %s, which is lost: until the node is back or somebody taints it %s, or %.0f minutes after the pod is deleted by force or the node removed",
		l.claim, l.other.key(), at.name(), corev1.TaintNodeOutOfService, forced.Minutes())
}

// forced is how long a disk stays attached to a node that does not answer after the last pod there that used it is gone
// (ReconcilerMaxWaitForUnmountDuration in pkg/controller/volume/attachdetach/attach_detach_controller.go).
const forced = 6 * time.Minute

// exclusive lists the claims of a pod that only one node can have at a time, or only one pod.
func (d *disks) exclusive(p *pod, do func(key, name string, onePod bool)) {
	for _, v := range p.object.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		name := v.PersistentVolumeClaim.ClaimName
		key := p.object.Namespace + "/" + name
		claim := d.claims[key]
		if claim == nil || !d.attaches(d.class(claim), claim) {
			continue
		}
		modes := claim.Spec.AccessModes
		several := func(m corev1.PersistentVolumeAccessMode) bool {
			return m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany
		}
		if len(modes) > 0 && !slices.ContainsFunc(modes, several) { // as IsMultiAttachAllowed in pkg/volume/util
			do(key, name, slices.Contains(modes, corev1.ReadWriteOncePod))
		}
	}
}

// attaches tells whether a claim's disk is attached to nodes, which its driver may say is not so. Of a volume that somebody
// binds by hand nothing is known.
func (d *disks) attaches(class *storagev1.StorageClass, claim *corev1.PersistentVolumeClaim) bool {
	if name := claim.Spec.StorageClassName; name != nil && *name == "" {
		return false
	}
	return class == nil || !d.unattached[class.Provisioner]
}

// lacks is what a pod on a node waits for there, nil if nothing.
func (d *disks) lacks(p *pod) *lack {
	var found *lack
	d.exclusive(p, func(key, name string, onePod bool) {
		for _, other := range d.users[key] {
			if found == nil && other != p && other.lacks == nil && (onePod || other.node != p.node) {
				found = &lack{name, other}
			}
		}
	})
	return found
}

// attach gives a pod that came to a node its disks, or notes what it waits for.
func (w *world) attach(p *pod) {
	w.disks.exclusive(p, func(key, _ string, _ bool) { w.setUsers(key, append(slices.Clone(w.disks.users[key]), p)) })
	set(w, &p.lacks, w.disks.lacks(p))
}

// detach lets others have the disks of a pod that is gone: the first that came and waits.
func (w *world) detach(p *pod) {
	w.disks.exclusive(p, func(key, _ string, _ bool) {
		w.setUsers(key, without(w.disks.users[key], p))
		for _, next := range w.disks.users[key] {
			if next.lacks == nil || next.state != starting {
				continue
			}
			set(w, &next.lacks, w.disks.lacks(next))
			if next.lacks == nil {
				w.become(next, starting, w.now+next.of.start)
			}
		}
	})
}

func (w *world) setUsers(key string, to []*pod) {
	before := w.disks.users[key]
	w.disks.users[key] = to
	w.happened(func() { w.disks.users[key] = before })
}
