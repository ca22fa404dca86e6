package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// Running is a pod that is on a node already.
type Running struct {
	Name, Node string
	// Ordinal is the number at the end of its name, by which a StatefulSet knows it; -1 without one.
	Ordinal int

	since time.Time
}

// makers finds the object that another one is made of, among all that were given.
type makers map[key]*manifest.Object

// of is the object that a controller makes o of, nil if there is none among those that were given. The ReplicaSet between a
// Deployment and its pods need not be: its name is that of the Deployment, and the hash that the pods are labelled with.
func (m makers) of(o *manifest.Object) *manifest.Object {
	c := o.Controller
	if c == nil {
		return nil
	}
	if maker := m[key{c.Group(), c.Kind, o.Namespace, c.Name}]; maker != nil && reads(c.Group(), c.Kind) {
		return maker
	}
	name, is := strings.CutSuffix(c.Name, "-"+o.Labels["pod-template-hash"])
	if !is || c.Group() != "apps" || c.Kind != ReplicaSet {
		return nil
	}
	return m[key{"apps", Deployment, o.Namespace, name}]
}

// made is an object that a controller made, and what it comes from in the end.
type made struct {
	object, of *manifest.Object
}

// apart sets those objects apart that controllers make of others of them: they say no more, but for where pods are. The pods of a
// node's own files come and go with it.
func apart(objects []*manifest.Object) (own []*manifest.Object, some []made) {
	all := makers{}
	for _, o := range objects {
		all[key{o.Group(), o.Kind, o.Namespace, o.Name}] = o
	}
	for _, o := range objects {
		of := all.of(o)
		if of == nil {
			if c := o.Controller; c == nil || c.Group() != "" || c.Kind != "Node" {
				own = append(own, o)
			}
			continue
		}
		for range objects { // nothing is made of itself, whatever a file says
			next := all.of(of)
			if next == nil {
				break
			}
			of = next
		}
		some = append(some, made{o, of})
	}
	return own, some
}

// run notes which pods of workloads are on nodes. Those that have ended, or are about to go, are not.
func (s *System) run(some []made) error {
	of := map[*manifest.Object]*Workload{}
	for _, w := range s.Workloads {
		of[w.Object] = w
	}
	for _, m := range some {
		w := of[m.of]
		if w == nil || m.object.Group() != "" || m.object.Kind != Pod {
			continue
		}
		var p corev1.Pod
		if err := m.object.Decode(&p); err != nil {
			return err
		}
		if p.Spec.NodeName != "" && p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			w.Running = append(w.Running, Running{Name: p.Name, Node: p.Spec.NodeName, Ordinal: ordinal(p.Name), since: p.CreationTimestamp.Time})
		}
	}
	for _, w := range s.Workloads {
		slices.SortStableFunc(w.Running, func(a, b Running) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.Name, b.Name)) })
		if c := w.Object.Controller; c != nil && w.Kind == Pod {
			s.assume(w.Object, fmt.Sprintf("its controller, %s %s, is not in the manifests: it is taken for a pod that nobody makes again", c.Kind, c.Name), "metadata", "ownerReferences")
		}
	}
	return nil
}

func ordinal(name string) int {
	n, err := strconv.Atoi(name[strings.LastIndex(name, "-")+1:])
	if err != nil {
		return -1
	}
	return n
}
