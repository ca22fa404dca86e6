// Package facts provides the facts for rules: workloads, related objects, placement constraints, and nodes. Package rules decides
// which facts are faults.
package facts

import (
	"iter"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/internal/labelindex"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// System has the workloads and objects of manifests. Facts that several rules read are computed once.
type System struct {
	*workload.System

	pod         func(*workload.Workload) *corev1.Pod
	fit         func(*workload.Workload) placement.Fit
	constraints func(*workload.Workload) []Constraint
	governing   func(*workload.Workload) string
	// byLabels are the workloads by the labels of their pods, byObject by their objects.
	byLabels func() *labelindex.Labels[*workload.Workload]
	byObject func() map[*manifest.Object]*workload.Workload
}

// New returns the facts of a system whose replication is set.
func New(s *workload.System) *System {
	f := &System{System: s}
	namespaces := placement.NewNamespaces(s.Namespaces)
	f.pod = memoize(func(w *workload.Workload) *corev1.Pod { return w.Pod(0, 1) })
	f.fit = memoize(func(w *workload.Workload) placement.Fit { return placement.NewFit(f.pod(w)) })
	f.governing = memoize(governingService)
	f.constraints = memoize(func(w *workload.Workload) []Constraint { return f.readConstraints(w, namespaces) })
	f.byLabels = sync.OnceValue(func() *labelindex.Labels[*workload.Workload] {
		index := &labelindex.Labels[*workload.Workload]{}
		for _, w := range f.Workloads {
			index.Add(w.Namespace, f.pod(w).Labels, w)
		}
		return index
	})
	f.byObject = sync.OnceValue(func() map[*manifest.Object]*workload.Workload {
		index := map[*manifest.Object]*workload.Workload{}
		for _, w := range f.Workloads {
			if o := w.Object.Origin(); index[o] == nil {
				index[o] = w
			}
		}
		return index
	})
	return f
}

// selected returns the workloads in a namespace whose pods a selector matches.
func (s *System) selected(namespace string, selector labels.Selector) []*workload.Workload {
	return filtered(s.byLabels().Candidates(namespace, selector), func(w *workload.Workload) bool {
		return w.Namespace == namespace && selector.Matches(labels.Set(w.Template.Labels))
	})
}

func filtered(candidates []*workload.Workload, matches func(*workload.Workload) bool) []*workload.Workload {
	var all []*workload.Workload
	for _, w := range candidates {
		if matches(w) {
			all = append(all, w)
		}
	}
	return all
}

// memoize keeps the results of a function.
func memoize[K comparable, V any](f func(K) V) func(K) V {
	results := map[K]V{}
	return func(k K) V {
		v, ok := results[k]
		if !ok {
			v = f(k)
			results[k] = v
		}
		return v
	}
}

// Place is a field of an object.
type Place struct {
	Object *manifest.Object
	Path   []string
}

// Line returns the line of the field in its file.
func (p Place) Line() int { return p.Object.Line(p.Path...) }

// At returns the position of the field as "file:line".
func (p Place) At() string { return p.Object.At(p.Path...) }

// In returns a field of an object.
func In(o *manifest.Object, path ...string) Place { return Place{o, path} }

// InTemplate returns a field of the pod template of a workload.
func InTemplate(w *workload.Workload, path ...string) Place { return Place{w.Object, w.Path(path...)} }

// Objects iterates over the objects of a kind and their decoded contents. The sequence can be used several times. Objects of the
// Kubernetes API that cannot be decoded were refused when they were read; custom resources that cannot be decoded are skipped.
func Objects[T any](s *System, apiVersion, kind string) iter.Seq2[*manifest.Object, *T] {
	var objects []*manifest.Object
	var all []*T
	for _, o := range s.System.Objects {
		if o.APIVersion != apiVersion || o.Kind != kind {
			continue
		}
		if decoded := new(T); o.Decode(decoded) == nil {
			objects, all = append(objects, o), append(all, decoded)
		}
	}
	return func(yield func(*manifest.Object, *T) bool) {
		for i, o := range objects {
			if !yield(o, all[i]) {
				return
			}
		}
	}
}

// WorkloadOf returns the workload of an object, nil if it has none.
func (s *System) WorkloadOf(o *manifest.Object) *workload.Workload {
	return s.byObject()[o]
}

// SameNamespace reports whether two namespaces may be the same. An object without a namespace may be applied to any.
func SameNamespace(a, b string) bool { return a == b || a == "" || b == "" }
