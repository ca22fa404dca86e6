package sim

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// attachments are the volumes that are attached to one node at a time (ReadWriteOnce) or used by one pod at a time
// (ReadWriteOncePod).
//
// A volume is attached to the node of the first pod that uses it, until no pod there does. Pods on other nodes wait for
// it. Attaching and detaching take no time. The volume stays attached to a failed node while a pod there uses it, as
// nothing confirms that its containers have stopped (DetermineVolumeAction in pkg/controller/volume/attachdetach/util).
//
// Not simulated: volumes of volumeClaimTemplates, whose next pod is created after the last one is gone, and claims that
// are not in the input.
type attachments struct {
	journal *journal
	volumes *volumes
	// users are the pods on nodes that use a claim, by namespace and name of the claim, in the order in which they came.
	users map[string][]*Pod
}

func (w *attachWait) String() string {
	n := w.user.node
	if !n.failed {
		return fmt.Sprintf("for claim %s, in use by pod %s on %s", w.claim, w.user.key(), n.Name())
	}
	return fmt.Sprintf("for claim %s, in use by pod %s on failed node %s: until the node is back or has the taint %s, or %.0f minutes after the pod is deleted by force or the node is removed",
		w.claim, w.user.key(), n.Name(), corev1.TaintNodeOutOfService, forceDetach.Minutes())
}

// forceDetach is how long a volume stays attached to an unreachable node after its last pod there is gone
// (ReconcilerMaxWaitForUnmountDuration in pkg/controller/volume/attachdetach/attach_detach_controller.go).
const forceDetach = 6 * time.Minute

// exclusiveClaim is a claim that is attached to one node at a time, with onePod used by one pod at a time.
type exclusiveClaim struct {
	key, name string
	onePod    bool
}

// exclusive lists the exclusive claims of a pod.
func (a *attachments) exclusive(p *Pod) (all []exclusiveClaim) {
	for _, volume := range p.object.Spec.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		name := volume.PersistentVolumeClaim.ClaimName
		key := p.object.Namespace + "/" + name
		claim := a.volumes.claims[key]
		if claim == nil || !a.attached(a.volumes.class(claim), claim) {
			continue
		}
		modes := claim.Spec.AccessModes
		several := func(m corev1.PersistentVolumeAccessMode) bool {
			return m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany
		}
		if len(modes) > 0 && !slices.ContainsFunc(modes, several) { // as IsMultiAttachAllowed in pkg/volume/util
			all = append(all, exclusiveClaim{key, name, slices.Contains(modes, corev1.ReadWriteOncePod)})
		}
	}
	return all
}

// attached reports whether the volume of a claim is attached to nodes. That is false for CSI drivers without
// attachment, and unknown for volumes that are bound by hand.
func (a *attachments) attached(class *storagev1.StorageClass, claim *corev1.PersistentVolumeClaim) bool {
	if name := claim.Spec.StorageClassName; name != nil && *name == "" {
		return false
	}
	return class == nil || !a.volumes.unattached[class.Provisioner]
}

// blocker returns what a pod on a node waits for, nil if all of its volumes can be attached.
func (a *attachments) blocker(p *Pod) *attachWait {
	for _, claim := range a.exclusive(p) {
		for _, other := range a.users[claim.key] {
			if other != p && other.attachWait == nil && (claim.onePod || other.node != p.node) {
				return &attachWait{claim.name, other}
			}
		}
	}
	return nil
}

// attach attaches the volumes of a pod that was bound to a node, or records what it waits for.
func (a *attachments) attach(p *Pod) {
	for _, claim := range a.exclusive(p) {
		a.setUsers(claim.key, append(slices.Clone(a.users[claim.key]), p))
	}
	set(a.journal, &p.attachWait, a.blocker(p))
}

// detach detaches the volumes of a pod that is gone. It returns the pods that waited for them and can start now.
func (a *attachments) detach(p *Pod) (unblocked []*Pod) {
	for _, claim := range a.exclusive(p) {
		a.setUsers(claim.key, without(a.users[claim.key], p))
		for _, next := range a.users[claim.key] {
			if next.attachWait == nil || next.state != starting {
				continue
			}
			set(a.journal, &next.attachWait, a.blocker(next))
			if next.attachWait == nil {
				unblocked = append(unblocked, next)
			}
		}
	}
	return unblocked
}

func (a *attachments) setUsers(key string, to []*Pod) {
	before := a.users[key]
	a.users[key] = to
	a.journal.record(func() { a.users[key] = before })
}
