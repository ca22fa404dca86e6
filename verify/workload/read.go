package workload

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// reader puts an object into the system.
type reader func(*System, *manifest.Object) error

// as reads an object as the type of its kind.
func as[T any](put func(*System, *manifest.Object, *T) error) reader {
	return func(s *System, o *manifest.Object) error {
		typed := new(T)
		if err := o.Decode(typed); err != nil {
			return err
		}
		return put(s, o, typed)
	}
}

// By group and kind: what others are read by, and then all that makes pods or watches over them.
var (
	first = map[string]reader{
		"autoscaling/HorizontalPodAutoscaler": as(noteAutoscaler),
		"scheduling.k8s.io/PriorityClass":     as(notePriorityClass),
		argoevents.Group + "/EventBus":        as(noteBus),
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

		argoevents.Group + "/EventBus":    as(readEventBus),
		argoevents.Group + "/EventSource": as(readEventSource),
		argoevents.Group + "/Sensor":      as(readSensor),

		"policy/PodDisruptionBudget": as(readBudget),
		"/Service":                   as(readService),
		"/Namespace":                 as(readNamespace),
	}
)

// reads tells whether objects of a kind are read, for the pods that they make or watch over: then what a controller makes of
// them says no more.
func reads(group, kind string) bool { return readers[group+"/"+kind] != nil }

// Read reads objects. One that cannot be read is an error that names file and line, and so is one that is there twice.
func Read(objects []*manifest.Object) (*System, error) {
	objects = slices.SortedStableFunc(slices.Values(objects), manifest.Compare)
	s := &System{autoscalers: map[key]*autoscaler{}, classes: builtInClasses(), buses: map[string]*argoevents.EventBus{}}
	for i, o := range objects[min(1, len(objects)):] {
		if last := objects[i]; last.Group() == o.Group() && last.String() == o.String() {
			return nil, o.Errorf(nil, "is there twice: the other is at %s", last.At())
		}
	}
	objects, made := apart(objects)
	s.Objects = objects
	for _, known := range []map[string]reader{first, readers} {
		for _, o := range objects {
			read := known[o.Group()+"/"+o.Kind]
			if read == nil || passing(o) {
				continue
			}
			if err := read(s, o); err != nil {
				return nil, err
			}
		}
	}
	for _, o := range objects {
		switch {
		case passing(o) || reads(o.Group(), o.Kind):
		case !builtIn(o.Group()):
			s.Unsupported = append(s.Unsupported, o)
		default:
			if err := wellFormed(o); err != nil {
				return nil, err
			}
		}
	}
	s.unscaled()
	if err := s.run(made); err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.Workloads, compare)
	slices.SortStableFunc(s.Services, func(a, b *corev1.Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return s, nil
}

// wellFormed refuses an object of Kubernetes' own API that its type cannot hold, as the API server would. One of a kind or
// version that client-go does not know is taken as it is.
func wellFormed(o *manifest.Object) error {
	into, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(o.APIVersion, o.Kind))
	if err != nil {
		return nil
	}
	return o.Decode(into)
}

// passing tells whether Helm makes an object for a moment of an install, an upgrade or a test alone.
func passing(o *manifest.Object) bool { return o.Annotations["helm.sh/hook"] != "" }

// builtIn tells the groups of Kubernetes' own API from those of custom resources: they have no dot, or end in k8s.io.
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
