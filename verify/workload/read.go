package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	appsdefaults "k8s.io/kubernetes/pkg/apis/apps/v1"
	batchdefaults "k8s.io/kubernetes/pkg/apis/batch/v1"
	coredefaults "k8s.io/kubernetes/pkg/apis/core/v1"

	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// reader puts an object into the system.
type reader func(*System, *manifest.Object) error

// By group and kind: what others are read by, and then all that makes pods or watches over them.
var (
	first = map[string]reader{
		"autoscaling/HorizontalPodAutoscaler": noteAutoscaler,
		"scheduling.k8s.io/PriorityClass":     notePriorityClass,
		argoevents.Group + "/EventBus":        noteBus,
	}
	readers = map[string]reader{
		"apps/Deployment":        readDeployment,
		"apps/StatefulSet":       readStatefulSet,
		"apps/DaemonSet":         readDaemonSet,
		"apps/ReplicaSet":        readReplicaSet,
		"/ReplicationController": readReplicationController,
		"batch/Job":              readJob,
		"batch/CronJob":          readCronJob,
		"/Pod":                   readPod,

		argoevents.Group + "/EventBus":    readEventBus,
		argoevents.Group + "/EventSource": readEventSource,
		argoevents.Group + "/Sensor":      readSensor,

		"policy/PodDisruptionBudget": readBudget,
		"/Service":                   readService,
		"/Namespace":                 readNamespace,
	}
)

// Read reads objects. One that cannot be read is an error that names file and line, and so is one that is there twice.
func Read(objects []*manifest.Object) (*System, error) {
	objects = slices.SortedStableFunc(slices.Values(objects), manifest.Compare)
	s := &System{autoscalers: map[string]*autoscaler{}, classes: builtInClasses(), buses: map[string]*argoevents.EventBus{}}
	for i, o := range objects[min(1, len(objects)):] {
		if last := objects[i]; last.Group() == o.Group() && last.String() == o.String() {
			return nil, fmt.Errorf("%s: %s is there twice: the other is at %s", o.At(), o, last.At())
		}
	}
	objects, made := apart(objects)
	s.Objects = objects
	for _, known := range []map[string]reader{first, readers} {
		for _, o := range objects {
			read := known[o.Group()+"/"+o.Kind]
			if read == nil || o.Annotations[hook] != "" { // what comes and goes
				continue
			}
			if err := read(s, o); err != nil {
				return nil, err
			}
		}
	}
	for _, o := range objects {
		switch {
		case o.Annotations[hook] != "" || readers[o.Group()+"/"+o.Kind] != nil:
		case !builtIn(o.Group()):
			s.Unjudged = append(s.Unjudged, o)
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
	slices.SortStableFunc(s.Workloads, Compare)
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

// hook marks an object that Helm makes for a moment of an install, an upgrade or a test.
const hook = "helm.sh/hook"

// builtIn tells the groups of Kubernetes' own API from those of custom resources: they have no dot, or end in k8s.io.
func builtIn(group string) bool {
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

// template is where most kinds have their pods.
var template = []string{"spec", "template"}

func readDeployment(s *System, o *manifest.Object) error {
	var d appsv1.Deployment
	if err := o.Decode(&d); err != nil {
		return err
	}
	return s.deployment(&Workload{Object: o, TemplateAt: template}, &d)
}

// deployment puts in a Deployment, which is the workload's object or what a controller makes of it.
func (s *System) deployment(w *Workload, d *appsv1.Deployment) error {
	appsdefaults.SetObjectDefaults_Deployment(d)
	w.Kind, w.Name, w.Template, w.MinReady = Deployment, d.Name, d.Spec.Template, seconds(d.Spec.MinReadySeconds)
	s.scale(w, d.Spec.Replicas)
	w.Roll = Roll{How: string(d.Spec.Strategy.Type)}
	if r := d.Spec.Strategy.RollingUpdate; r != nil {
		var err error
		if w.Roll.Surge, err = scaled(w.Object, r.MaxSurge, w.Replicas, true, "spec", "strategy", "rollingUpdate", "maxSurge"); err != nil {
			return err
		}
		if w.Roll.Unavailable, err = scaled(w.Object, r.MaxUnavailable, w.Replicas, false, "spec", "strategy", "rollingUpdate", "maxUnavailable"); err != nil {
			return err
		}
		// Neither a pod more nor one fewer would be a standstill: the controller takes one away.
		if w.Roll.Surge == 0 && w.Roll.Unavailable == 0 {
			w.Roll.Unavailable = 1
		}
	}
	return s.add(w, d.Spec.Selector)
}

func readStatefulSet(s *System, o *manifest.Object) error {
	var d appsv1.StatefulSet
	if err := o.Decode(&d); err != nil {
		return err
	}
	return s.statefulSet(&Workload{Object: o, TemplateAt: template}, &d)
}

// statefulSet puts in a StatefulSet, which is the workload's object or what a controller makes of it.
func (s *System) statefulSet(w *Workload, d *appsv1.StatefulSet) error {
	appsdefaults.SetObjectDefaults_StatefulSet(d)
	w.Kind, w.Name, w.Template, w.MinReady, w.Claims = StatefulSet, d.Name, d.Spec.Template, seconds(d.Spec.MinReadySeconds), d.Spec.VolumeClaimTemplates
	s.scale(w, d.Spec.Replicas)
	w.Roll = Roll{How: string(d.Spec.UpdateStrategy.Type), Unavailable: 1, Parallel: d.Spec.PodManagementPolicy == appsv1.ParallelPodManagement}
	if r := d.Spec.UpdateStrategy.RollingUpdate; r != nil {
		if r.Partition != nil {
			w.Roll.Partition = int(*r.Partition)
		}
		if r.MaxUnavailable != nil {
			var err error
			if w.Roll.Unavailable, err = scaled(w.Object, r.MaxUnavailable, w.Replicas, false, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"); err != nil {
				return err
			}
			w.Roll.Unavailable = max(w.Roll.Unavailable, 1)
		}
	}
	return s.add(w, d.Spec.Selector)
}

func readDaemonSet(s *System, o *manifest.Object) error {
	var d appsv1.DaemonSet
	if err := o.Decode(&d); err != nil {
		return err
	}
	appsdefaults.SetObjectDefaults_DaemonSet(&d)
	w := &Workload{Object: o, Kind: DaemonSet, Name: o.Name, Template: d.Spec.Template, TemplateAt: template, MinReady: seconds(d.Spec.MinReadySeconds)}
	if err := w.rollOnNodes(o, d.Spec.UpdateStrategy); err != nil {
		return err
	}
	return s.add(w, d.Spec.Selector)
}

func readReplicaSet(s *System, o *manifest.Object) error {
	var d appsv1.ReplicaSet
	if err := o.Decode(&d); err != nil {
		return err
	}
	appsdefaults.SetObjectDefaults_ReplicaSet(&d)
	w := &Workload{Object: o, Kind: ReplicaSet, Name: o.Name, Template: d.Spec.Template, TemplateAt: template, MinReady: seconds(d.Spec.MinReadySeconds)}
	s.scale(w, d.Spec.Replicas)
	return s.add(w, d.Spec.Selector)
}

// readReplicationController reads what was there before ReplicaSets, and does the same.
func readReplicationController(s *System, o *manifest.Object) error {
	var d corev1.ReplicationController
	if err := o.Decode(&d); err != nil {
		return err
	}
	if d.Spec.Template == nil {
		return fmt.Errorf("%s: %s: has no spec.template: the API server refuses it", o.At("spec"), o)
	}
	coredefaults.SetObjectDefaults_ReplicationController(&d)
	w := &Workload{Object: o, Kind: ReplicaSet, Name: o.Name, Template: *d.Spec.Template, TemplateAt: template, MinReady: seconds(d.Spec.MinReadySeconds)}
	s.scale(w, d.Spec.Replicas)
	return s.add(w, &metav1.LabelSelector{MatchLabels: d.Spec.Selector})
}

func readJob(s *System, o *manifest.Object) error {
	var d batchv1.Job
	if err := o.Decode(&d); err != nil {
		return err
	}
	batchdefaults.SetObjectDefaults_Job(&d)
	return s.add(job(o, &d.Spec, template), nil)
}

func readCronJob(s *System, o *manifest.Object) error {
	var d batchv1.CronJob
	if err := o.Decode(&d); err != nil {
		return err
	}
	batchdefaults.SetObjectDefaults_CronJob(&d)
	return s.add(job(o, &d.Spec.JobTemplate.Spec, []string{"spec", "jobTemplate", "spec", "template"}), nil)
}

// job is the workload of a Job: as many pods as run at once.
func job(o *manifest.Object, spec *batchv1.JobSpec, at []string) *Workload {
	w := &Workload{Object: o, Kind: Job, Name: o.Name, Replicas: 1, Template: spec.Template, TemplateAt: at}
	if spec.Parallelism != nil {
		w.Replicas = int(*spec.Parallelism)
	}
	w.Min, w.Max = w.Replicas, w.Replicas
	return w
}

func readPod(s *System, o *manifest.Object) error {
	var d corev1.Pod
	if err := o.Decode(&d); err != nil {
		return err
	}
	coredefaults.SetObjectDefaults_Pod(&d)
	w := &Workload{Object: o, Kind: Pod, Name: o.Name, Replicas: 1, Min: 1, Max: 1,
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: d.Labels, Annotations: d.Annotations}, Spec: d.Spec}}
	if d.Spec.NodeName != "" {
		w.Running = []Running{{Name: o.Name, Node: d.Spec.NodeName, Ordinal: -1}}
	}
	return s.add(w, nil)
}

// add completes a workload and puts it in.
func (s *System) add(w *Workload, selector *metav1.LabelSelector) error {
	w.Namespace, w.Selector = w.Object.Namespace, selector
	if selector != nil {
		own, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil {
			return fmt.Errorf("%s: %s: spec.selector: %w", w.Object.At("spec", "selector"), w.Object, err)
		}
		if !own.Matches(labels.Set(w.Template.Labels)) {
			return fmt.Errorf("%s: %s: spec.selector does not match the labels of spec.template: the API server refuses it", w.Object.At("spec", "selector"), w.Object)
		}
	}
	if err := s.prioritize(w); err != nil {
		return err
	}
	s.Workloads = append(s.Workloads, w)
	return nil
}

func readService(s *System, o *manifest.Object) error {
	d := &corev1.Service{}
	if err := o.Decode(d); err != nil {
		return err
	}
	s.Services = append(s.Services, d)
	return nil
}

func readNamespace(s *System, o *manifest.Object) error {
	d := &corev1.Namespace{}
	if err := o.Decode(d); err != nil {
		return err
	}
	s.Namespaces = append(s.Namespaces, d)
	return nil
}

func readBudget(s *System, o *manifest.Object) error {
	var d policyv1.PodDisruptionBudget
	if err := o.Decode(&d); err != nil {
		return err
	}
	b := &Budget{Object: o, PodDisruptionBudgetSpec: d.Spec}
	var err error
	if b.Selects, err = metav1.LabelSelectorAsSelector(d.Spec.Selector); err != nil {
		return fmt.Errorf("%s: %s: spec.selector: %w", o.At("spec", "selector"), o, err)
	}
	for _, n := range []struct {
		key   string
		value *intstr.IntOrString
	}{{"minAvailable", d.Spec.MinAvailable}, {"maxUnavailable", d.Spec.MaxUnavailable}} {
		if n.value != nil {
			if _, err := scaled(o, n.value, 100, true, "spec", n.key); err != nil {
				return err
			}
		}
	}
	s.Budgets = append(s.Budgets, b)
	return nil
}

// scaled is a number of pods that is written as one, or as a percentage of all.
func scaled(o *manifest.Object, value *intstr.IntOrString, all int, up bool, path ...string) (int, error) {
	n, err := intstr.GetScaledValueFromIntOrPercent(value, all, up)
	if err == nil && n < 0 {
		err = fmt.Errorf("is %d", n)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %s: %s: %w: want a number of pods or a percentage", o.At(path...), o, strings.Join(path, "."), err)
	}
	return n, nil
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }
