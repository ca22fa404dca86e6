package workload

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
	"github.com/holdfast-ha/holdfast/verify/storage"
)

// reader adds an object to the system.
type reader func(*System, *manifest.Object) error

// as returns a reader that decodes an object into the type of its kind.
func as[T any](add func(*System, *manifest.Object, *T) error) reader {
	return func(s *System, o *manifest.Object) error {
		typed := new(T)
		unknown, err := o.DecodeStrict(typed)
		if err != nil {
			return err
		}
		s.noteUnknown(o, typed, unknown)
		return add(s, o, typed)
	}
}

// noteUnknown notes the fields that the type of an object does not have: a misspelt field has no effect. Readers that share one
// version of a type for all its versions do not count.
func (s *System) noteUnknown(o *manifest.Object, typed any, unknown [][]string) {
	if len(unknown) == 0 || o.Accepted {
		return
	}
	own, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(o.APIVersion, o.Kind))
	if err != nil || reflect.TypeOf(own) != reflect.TypeOf(typed) {
		return
	}
	for _, path := range unknown {
		if path[0] != "status" {
			s.assume(o, manifest.Key(path)+": "+o.APIVersion+" has no such field: assumed to have no effect. kubectl apply refuses it", path...)
		}
	}
}

// noteRepeated notes the keys that a map has more than once.
func (s *System) noteRepeated(objects []*manifest.Object) {
	for _, o := range objects {
		for _, r := range o.Repeated {
			s.assume(o, fmt.Sprintf("key %q at line %d is repeated at line %d: assumed that the last value counts, as for kubectl and Helm. Kustomize refuses it", r.Key, r.First, r.Last))
		}
	}
}

// Readers by group/kind. The kinds in first are read first, because the others refer to them.
var (
	first = map[string]reader{
		"autoscaling/HorizontalPodAutoscaler": as(noteAutoscaler),
		"scheduling.k8s.io/PriorityClass":     as(notePriorityClass),
	}
	readers = map[string]reader{
		"apps/Deployment":        as(readDeployment),
		"apps/StatefulSet":       as(readStatefulSet),
		"apps/DaemonSet":         as(readDaemonSet),
		"apps/ReplicaSet":        as(readReplicaSet),
		"/ReplicationController": as(readReplicationController),
		"batch/Job":              as(readJob),
		"batch/CronJob":          as(readCronJob),
		"/Pod":                   as(readPod),

		"policy/PodDisruptionBudget": as(readBudget),
		"/Service":                   as(readService),
		"/Namespace":                 as(readNamespace),
	}
)

// supported reports whether an object has a reader or a supported operator. Its pods are part of it and no workloads of their own.
func supported(o *manifest.Object) bool {
	_, custom := operators.Find(o.APIVersion, o.Kind)
	return custom || readers[o.Group()+"/"+o.Kind] != nil
}

// Read reads objects into a system. It expects that the API server would accept them; duplicates, and values that a controller
// rejects, are errors that name file and line.
func Read(objects []*manifest.Object) (*System, error) {
	objects = slices.SortedStableFunc(slices.Values(objects), manifest.Compare)
	s := &System{autoscalers: map[key]*autoscaler{}, classes: builtInClasses(), scaled: map[key]operator.Scaled{}}
	for i, o := range objects[min(1, len(objects)):] {
		if last := objects[i]; last.Group() == o.Group() && last.String() == o.String() {
			return nil, o.Errorf(nil, "is a duplicate of the object at %s: remove one of them", last.At())
		}
	}
	objects, dependents := s.splitDependents(s.withoutHooks(objects))
	s.Objects = objects
	s.noteRepeated(objects)
	if err := s.readAll(objects, first); err != nil {
		return nil, err
	}
	custom, err := s.expand(objects)
	if err != nil {
		return nil, err
	}
	if err := s.readAll(objects, readers); err != nil {
		return nil, err
	}
	for _, e := range custom {
		if err := s.addCustom(e); err != nil {
			return nil, err
		}
	}
	for _, o := range objects {
		switch {
		case supported(o):
		case operators.WithoutPods(o.Group(), o.Kind):
			s.WithoutPods = append(s.WithoutPods, o)
		case !builtIn(o.Group()) || someCreatePods[o.Group()+"/"+o.Kind]:
			s.Unsupported = append(s.Unsupported, o)
		}
	}
	s.noteUnusedAutoscalers()
	if err := s.admit(); err != nil {
		return nil, err
	}
	if s.Storage, err = storage.Read(append(slices.Clone(objects), claimsOf(dependents)...)); err != nil {
		return nil, err
	}
	if err := s.noteRunning(dependents); err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.Workloads, compare)
	slices.SortStableFunc(s.Services, func(a, b *corev1.Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return s, nil
}

// readAll reads the objects that have a reader.
func (s *System) readAll(objects []*manifest.Object, byKind map[string]reader) error {
	for _, o := range objects {
		read := byKind[o.Group()+"/"+o.Kind]
		if read == nil {
			continue
		}
		if err := read(s, o); err != nil {
			return err
		}
	}
	return nil
}

// someCreatePods are kinds of the Kubernetes project for which some implementations create pods.
var someCreatePods = map[string]bool{"gateway.networking.k8s.io/Gateway": true}

// builtIn reports whether a group is part of Kubernetes' own API: it has no dot or ends in .k8s.io.
func builtIn(group string) bool {
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

func readService(s *System, _ *manifest.Object, d *corev1.Service) error {
	s.Services = append(s.Services, d)
	return nil
}

func readNamespace(s *System, _ *manifest.Object, d *corev1.Namespace) error {
	s.Namespaces = append(s.Namespaces, d)
	return nil
}
