package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators"
	"github.com/holdfast-ha/holdfast/verify/operators/rollouts"
)

// Running is an existing pod.
type Running struct {
	// Node is "" for a pod that the scheduler of its cluster could not place.
	Name, Node string
	// Ordinal is the number at the end of the name, the pod's ordinal in a StatefulSet; -1 without one.
	Ordinal int
	// Ready reports whether the pod is Ready now, and Reason is why it is not, like "CrashLoopBackOff in container api".
	Ready  bool
	Reason string
	// Started reports whether the phase of the pod is Running, Terminating whether it is marked for deletion. Only a pod that is
	// replaced under its own name is listed while it is Terminating.
	Started, Terminating bool

	since time.Time
}

// creates lists the kinds of objects that the controllers of Kubernetes create for a kind.
var creates = map[string]string{
	"apps/Deployment": ReplicaSet, "apps/ReplicaSet": Pod, "apps/StatefulSet": Pod, "apps/DaemonSet": Pod,
	"/ReplicationController": Pod, "batch/CronJob": Job, "batch/Job": Pod,
}

// owners finds the owner of an object among all objects.
type owners map[key]*manifest.Object

// replicaSetOwners are the kinds that create ReplicaSets, and the label with the hash at the end of their names.
var replicaSetOwners = []struct{ group, kind, label string }{{"apps", Deployment, "pod-template-hash"}, {rollouts.Group, "Rollout", rollouts.HashLabel}}

// of returns the object whose controller creates o, nil if it is not among the objects or no controller does. The ReplicaSet
// between a Deployment and its pods may be missing: its name consists of the Deployment's name and the pod-template-hash of the
// pods.
func (all owners) of(o *manifest.Object) *manifest.Object {
	c := o.Controller
	if c == nil {
		return nil
	}
	if owner := all[key{c.Group(), c.Kind, o.Namespace, c.Name}]; owner != nil {
		_, custom := operators.Find(owner.APIVersion, owner.Kind)
		if custom || creates[owner.Group()+"/"+owner.Kind] == o.Kind {
			return owner
		}
	}
	if c.Group() != "apps" || c.Kind != ReplicaSet {
		return nil
	}
	for _, of := range replicaSetOwners {
		if name, ok := strings.CutSuffix(c.Name, "-"+o.Labels[of.label]); ok && o.Labels[of.label] != "" {
			return all[key{of.group, of.kind, o.Namespace, name}]
		}
	}
	return nil
}

// root returns the object at the end of the owners of o. In a circle of owners, which no controller creates, each object is its
// own root.
func (all owners) root(o *manifest.Object) *manifest.Object {
	seen := map[*manifest.Object]bool{o: true}
	for at := o; ; {
		next := all.of(at)
		switch {
		case next == nil:
			return at
		case seen[next]:
			return next
		}
		seen[next], at = true, next
	}
}

// dependent is an object that a controller created, and the root of its owners.
type dependent struct {
	object, root *manifest.Object
}

// splitDependents separates the objects that controllers have created for other objects. Of these, only the pods are used.
// Static pods, whose owner is a Node, are dropped: they fail and return with their node.
func (s *System) splitDependents(objects []*manifest.Object) (roots []*manifest.Object, dependents []dependent) {
	all := owners{}
	for _, o := range objects {
		all[key{o.Group(), o.Kind, o.Namespace, o.Name}] = o
	}
	static := 0
	for _, o := range objects {
		switch root := all.root(o); {
		case root != o:
			dependents = append(dependents, dependent{o, root})
		case isStatic(o):
			static++
		default:
			roots = append(roots, o)
		}
	}
	if first := slices.IndexFunc(objects, isStatic); first >= 0 {
		s.assume(objects[first], fmt.Sprintf("%d static pods (the kubelet of a node creates them) fail and return with their node, and are not judged", static), "metadata", "ownerReferences")
	}
	return roots, dependents
}

// claimsOf returns the PersistentVolumeClaims among dependents. Operators own the claims of their pods.
func claimsOf(all []dependent) []*manifest.Object {
	var claims []*manifest.Object
	for _, d := range all {
		if d.object.Group() == "" && d.object.Kind == "PersistentVolumeClaim" {
			claims = append(claims, d.object)
		}
	}
	return claims
}

func isStatic(o *manifest.Object) bool {
	c := o.Controller
	return o.Group() == "" && o.Kind == Pod && c != nil && c.Group() == "" && c.Kind == "Node"
}

// noteRunning adds existing pods to their workloads.
func (s *System) noteRunning(dependents []dependent) error {
	byObject := map[*manifest.Object][]*Workload{}
	var operators []*Workload
	for _, w := range s.Workloads {
		byObject[w.Object.Origin()] = append(byObject[w.Object.Origin()], w)
		if w.Kind == Pods {
			operators = append(operators, w)
		}
	}
	for _, d := range dependents {
		w := ofPod(byObject[d.root], d.object)
		if w == nil { // the owner may itself be part of a custom resource, like a StrimziPodSet
			w = ofPod(operators, d.object)
		}
		if w == nil || d.object.Group() != "" || d.object.Kind != Pod {
			continue
		}
		var p corev1.Pod
		if err := d.object.Decode(&p); err != nil {
			return err
		}
		if r, ok := newRunning(&p, w.Kind); ok {
			w.Running = append(w.Running, r)
		}
	}
	for _, w := range s.Workloads {
		if w.Kind == Pods {
			w.numberPods()
		}
		slices.SortStableFunc(w.Running, func(a, b Running) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.Name, b.Name)) })
	}
	s.noteOwners()
	return nil
}

// noteOwners notes the owners of workloads that do not control them, or are not in the manifests.
func (s *System) noteOwners() {
	noted := map[*manifest.Object]bool{}
	for _, w := range s.Workloads {
		o := w.Object.Origin()
		switch c := o.Controller; {
		case c == nil || noted[o]:
		case w.Kind == Pod:
			s.assume(o, fmt.Sprintf("its controller, %s %s, is not in the manifests: assumed to be an unmanaged pod, which is not recreated", c.Kind, c.Name), "metadata", "ownerReferences")
		default:
			s.assume(o, fmt.Sprintf("its owner, %s %s, is not in the manifests or does not control it: judged on its own", c.Kind, c.Name), "metadata", "ownerReferences")
		}
		noted[o] = true
	}
}

// ofPod returns the workload of a pod among those of its root, nil without one. A custom resource may have several.
func ofPod(all []*Workload, pod *manifest.Object) *Workload {
	if len(all) == 1 && all[0].Kind != Pods {
		return all[0]
	}
	for _, w := range all {
		if w.Namespace != pod.Namespace {
			continue
		}
		if selector, err := metav1.LabelSelectorAsSelector(w.Selector); err == nil && w.Selector != nil && selector.Matches(labels.Set(pod.Labels)) {
			return w
		}
	}
	return nil
}

// numberPods sets the names of pods from those that exist, which may have gaps, and then from the lowest free numbers.
func (w *Workload) numberPods() {
	slices.SortFunc(w.Running, func(a, b Running) int { return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.Name, b.Name)) })
	for i := range w.Running {
		w.names = append(w.names, w.Running[i].Name)
		w.Running[i].Ordinal = i
	}
	for n := w.first; len(w.Running) > 0 && len(w.names) < max(w.Replicas, w.Max); n++ {
		if name := fmt.Sprintf("%s-%d", w.Name, n); !slices.Contains(w.names, name) {
			w.names = append(w.names, name)
		}
	}
}

// newRunning returns an existing pod of a workload of some kind. ok is false for a pod that is completed, that is replaced under
// another name because it is Terminating, or that the scheduler has not tried to place.
func newRunning(p *corev1.Pod, kind string) (r Running, ok bool) {
	r = Running{Name: p.Name, Node: p.Spec.NodeName, Ordinal: ordinal(p.Name), Reason: notReady(&p.Status), since: p.CreationTimestamp.Time,
		Started: p.Status.Phase == corev1.PodRunning, Terminating: p.DeletionTimestamp != nil}
	r.Ready = r.Reason == ""
	switch {
	case p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed:
		return r, false
	case r.Terminating:
		return r, (kind == StatefulSet || kind == Pods) && r.Node != ""
	case r.Node == "":
		scheduled := conditionOf(&p.Status, corev1.PodScheduled)
		return r, scheduled != nil && scheduled.Status == corev1.ConditionFalse
	}
	return r, true
}

func ordinal(name string) int {
	n, err := strconv.Atoi(name[strings.LastIndex(name, "-")+1:])
	if err != nil {
		return -1
	}
	return n
}
