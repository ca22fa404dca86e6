package sim

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/storage"
)

// attachments are the volumes that are attached to one node at a time (ReadWriteOnce) or used by one pod at a time
// (ReadWriteOncePod).
//
// A volume is attached to the node of the first pod that uses it, until no pod there does. Pods on other nodes wait for
// it. Attaching and detaching take no time. The volume stays attached to a failed node while a pod there uses it, as
// nothing confirms that its containers have stopped (DetermineVolumeAction in pkg/controller/volume/attachdetach/util).
type attachments struct {
	journal *journal
	volumes *volumes
	// users are the pods on nodes that use a volume, by the key of the mount, in the order in which they came.
	users map[string][]*Pod
}

func (w *attachWait) String() string {
	n := w.user.node
	volume := "claim " + w.mount.Name
	if w.mount.Claim == nil {
		volume = w.mount.Key
	}
	if !n.failed {
		return fmt.Sprintf("for %s, in use by pod %s on %s", volume, w.user.key(), n.Name())
	}
	return fmt.Sprintf("for %s, in use by pod %s on failed node %s: until the node is back or has the taint %s, or %.0f minutes after the pod is deleted by force or the node is removed",
		volume, w.user.key(), n.Name(), corev1.TaintNodeOutOfService, forceDetach.Minutes())
}

// forceDetach is how long a volume stays attached to an unreachable node after its last pod there is gone
// (ReconcilerMaxWaitForUnmountDuration in pkg/controller/volume/attachdetach/attach_detach_controller.go).
const forceDetach = 6 * time.Minute

// exclusive lists the volumes of a pod that are attached to one node at a time, or used by one pod at a time.
func (a *attachments) exclusive(p *Pod) (all []*storage.Mount) {
	for i := range p.mounts {
		if m := &p.mounts[i]; a.volumes.reach(m).Single {
			all = append(all, m)
		}
	}
	return all
}

// blocker returns what a pod on a node waits for, nil if all of its volumes can be attached.
func (a *attachments) blocker(p *Pod) *attachWait {
	for _, m := range a.exclusive(p) {
		for _, other := range a.users[m.Key] {
			if other != p && other.attachWait == nil && (a.volumes.reach(m).OnePod || other.node != p.node) {
				return &attachWait{m, other}
			}
		}
	}
	return nil
}

// inUse reports whether a pod on a node uses a volume.
func (a *attachments) inUse(m *storage.Mount) bool { return len(a.users[m.Key]) > 0 }

// attach attaches the volumes of a pod that was bound to a node, or records what it waits for.
func (a *attachments) attach(p *Pod) {
	for _, m := range a.exclusive(p) {
		a.setUsers(m.Key, append(slices.Clone(a.users[m.Key]), p))
	}
	set(a.journal, &p.attachWait, a.blocker(p))
}

// detach detaches the volumes of a pod that is gone. It returns the pods that waited for them and can start now.
func (a *attachments) detach(p *Pod) (unblocked []*Pod) {
	for _, m := range a.exclusive(p) {
		a.setUsers(m.Key, without(a.users[m.Key], p))
		for _, next := range a.users[m.Key] {
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
