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
	"github.com/holdfast-ha/holdfast/verify/operators/rollouts"
)

// Running is an existing pod that is bound to a node.
type Running struct {
	Name, Node string
	// Ordinal is the number at the end of the name, the pod's ordinal in a StatefulSet; -1 without one.
	Ordinal int
	// Ready reports whether the pod is Ready now, and Reason is why it is not, like "CrashLoopBackOff in container api".
	Ready  bool
	Reason string

	since time.Time
}

// owners finds the owner of an object among all objects.
type owners map[key]*manifest.Object

// replicaSetOwners are the kinds that create ReplicaSets, and the label with the hash at the end of their names.
var replicaSetOwners = []struct{ group, kind, label string }{{"apps", Deployment, "pod-template-hash"}, {rollouts.Group, "Rollout", rollouts.HashLabel}}

// of returns the owner of o, nil if it is not among the objects. The ReplicaSet between a Deployment and its pods may be missing:
// its name consists of the Deployment's name and the pod-template-hash of the pods.
func (all owners) of(o *manifest.Object) *manifest.Object {
	c := o.Controller
	if c == nil {
		return nil
	}
	if owner := all[key{c.Group(), c.Kind, o.Namespace, c.Name}]; owner != nil && supported(owner) {
		return owner
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

// dependent is an object that a controller created, and the root of its owners.
type dependent struct {
	object, root *manifest.Object
}

// splitDependents separates the objects that controllers have created for other objects. Of these, only the nodes of pods are
// used. Static pods, whose owner is a Node, are dropped: they fail and return with their node.
func splitDependents(objects []*manifest.Object) (roots []*manifest.Object, dependents []dependent) {
	all := owners{}
	for _, o := range objects {
		all[key{o.Group(), o.Kind, o.Namespace, o.Name}] = o
	}
	for _, o := range objects {
		root := all.of(o)
		if root == nil {
			if c := o.Controller; c == nil || c.Group() != "" || c.Kind != "Node" {
				roots = append(roots, o)
			}
			continue
		}
		for range objects { // a file may contain a cycle of owners
			next := all.of(root)
			if next == nil {
				break
			}
			root = next
		}
		dependents = append(dependents, dependent{o, root})
	}
	return roots, dependents
}

// noteRunning adds existing pods to their workloads, except completed and Terminating pods and pods without a node.
func (s *System) noteRunning(dependents []dependent) error {
	byObject := map[*manifest.Object][]*Workload{}
	for _, w := range s.Workloads {
		byObject[w.Object.Origin()] = append(byObject[w.Object.Origin()], w)
	}
	for _, d := range dependents {
		w := ofPod(byObject[d.root], d.object)
		if w == nil || d.object.Group() != "" || d.object.Kind != Pod {
			continue
		}
		var p corev1.Pod
		if err := d.object.Decode(&p); err != nil {
			return err
		}
		if p.Spec.NodeName != "" && p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			reason := notReady(&p.Status)
			w.Running = append(w.Running, Running{Name: p.Name, Node: p.Spec.NodeName, Ordinal: ordinal(p.Name), Ready: reason == "", Reason: reason, since: p.CreationTimestamp.Time})
		}
	}
	for _, w := range s.Workloads {
		if w.Kind == Pods {
			w.numberPods()
		}
		slices.SortStableFunc(w.Running, func(a, b Running) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.Name, b.Name)) })
		if c := w.Object.Controller; c != nil && w.Kind == Pod {
			s.assume(w.Object, fmt.Sprintf("its controller, %s %s, is not in the manifests: assumed to be an unmanaged pod, which is not recreated", c.Kind, c.Name), "metadata", "ownerReferences")
		}
	}
	return nil
}

// ofPod returns the workload of a pod among those of its root, nil without one. A custom resource may have several.
func ofPod(all []*Workload, pod *manifest.Object) *Workload {
	if len(all) == 1 {
		return all[0]
	}
	for _, w := range all {
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

func ordinal(name string) int {
	n, err := strconv.Atoi(name[strings.LastIndex(name, "-")+1:])
	if err != nil {
		return -1
	}
	return n
}
