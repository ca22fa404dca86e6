package workload

import (
	"fmt"
	"slices"
	"strings"

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

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// reader puts an object into the system.
type reader func(*System, *manifest.Object) error

// readers are what is known, by group and kind.
var readers = map[string]reader{
	"apps/Deployment":  readDeployment,
	"apps/StatefulSet": readStatefulSet,
	"apps/DaemonSet":   readDaemonSet,
	"apps/ReplicaSet":  readReplicaSet,
	"batch/Job":        readJob,
	"batch/CronJob":    readCronJob,
	"/Pod":             readPod,

	"policy/PodDisruptionBudget": readBudget,
}

// Read reads objects. One that cannot be read is an error that names file and line, and so is one that is there twice.
func Read(objects []*manifest.Object) (*System, error) {
	objects = slices.SortedStableFunc(slices.Values(objects), manifest.Compare)
	s := &System{Objects: objects}
	for i, o := range objects {
		if i > 0 {
			if last := objects[i-1]; last.Group() == o.Group() && last.String() == o.String() {
				return nil, fmt.Errorf("%s: %s is there twice: the other is at %s", o.At(), o, last.At())
			}
		}
		read := readers[o.Group()+"/"+o.Kind]
		switch {
		case o.Annotations[hook] != "": // comes and goes
		case read != nil:
			if err := read(s, o); err != nil {
				return nil, err
			}
		case !builtIn(o.Group()):
			s.Unjudged = append(s.Unjudged, o)
		default:
			if err := wellFormed(o); err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(s.Workloads, Compare)
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
	appsdefaults.SetObjectDefaults_Deployment(&d)
	replicas := int(*d.Spec.Replicas)
	roll := Roll{How: string(d.Spec.Strategy.Type)}
	if r := d.Spec.Strategy.RollingUpdate; r != nil {
		var err error
		if roll.Surge, err = scaled(o, r.MaxSurge, replicas, true, "spec", "strategy", "rollingUpdate", "maxSurge"); err != nil {
			return err
		}
		if roll.Unavailable, err = scaled(o, r.MaxUnavailable, replicas, false, "spec", "strategy", "rollingUpdate", "maxUnavailable"); err != nil {
			return err
		}
		// Neither a pod more nor one fewer would be a standstill: the controller takes one away.
		if roll.Surge == 0 && roll.Unavailable == 0 {
			roll.Unavailable = 1
		}
	}
	return s.add(o, &Workload{Kind: Deployment, Replicas: replicas, Template: d.Spec.Template, TemplateAt: template, Roll: roll}, d.Spec.Selector)
}

func readStatefulSet(s *System, o *manifest.Object) error {
	var d appsv1.StatefulSet
	if err := o.Decode(&d); err != nil {
		return err
	}
	appsdefaults.SetObjectDefaults_StatefulSet(&d)
	replicas := int(*d.Spec.Replicas)
	roll := Roll{How: string(d.Spec.UpdateStrategy.Type), Unavailable: 1, Parallel: d.Spec.PodManagementPolicy == appsv1.ParallelPodManagement}
	if r := d.Spec.UpdateStrategy.RollingUpdate; r != nil {
		if r.Partition != nil {
			roll.Partition = int(*r.Partition)
		}
		if r.MaxUnavailable != nil {
			var err error
			if roll.Unavailable, err = scaled(o, r.MaxUnavailable, replicas, false, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"); err != nil {
				return err
			}
			roll.Unavailable = max(roll.Unavailable, 1)
		}
	}
	return s.add(o, &Workload{Kind: StatefulSet, Replicas: replicas, Template: d.Spec.Template, TemplateAt: template, Roll: roll, Claims: d.Spec.VolumeClaimTemplates}, d.Spec.Selector)
}

func readDaemonSet(s *System, o *manifest.Object) error {
	var d appsv1.DaemonSet
	if err := o.Decode(&d); err != nil {
		return err
	}
	appsdefaults.SetObjectDefaults_DaemonSet(&d)
	w := &Workload{Kind: DaemonSet, Template: d.Spec.Template, TemplateAt: template}
	if err := w.rollOnNodes(o, d.Spec.UpdateStrategy); err != nil {
		return err
	}
	return s.add(o, w, d.Spec.Selector)
}

func readReplicaSet(s *System, o *manifest.Object) error {
	var d appsv1.ReplicaSet
	if err := o.Decode(&d); err != nil {
		return err
	}
	appsdefaults.SetObjectDefaults_ReplicaSet(&d)
	return s.add(o, &Workload{Kind: ReplicaSet, Replicas: int(*d.Spec.Replicas), Template: d.Spec.Template, TemplateAt: template}, d.Spec.Selector)
}

func readJob(s *System, o *manifest.Object) error {
	var d batchv1.Job
	if err := o.Decode(&d); err != nil {
		return err
	}
	batchdefaults.SetObjectDefaults_Job(&d)
	return s.add(o, job(&d.Spec, template), nil)
}

func readCronJob(s *System, o *manifest.Object) error {
	var d batchv1.CronJob
	if err := o.Decode(&d); err != nil {
		return err
	}
	batchdefaults.SetObjectDefaults_CronJob(&d)
	return s.add(o, job(&d.Spec.JobTemplate.Spec, []string{"spec", "jobTemplate", "spec", "template"}), nil)
}

// job is the workload of a Job: as many pods as run at once.
func job(spec *batchv1.JobSpec, at []string) *Workload {
	w := &Workload{Kind: Job, Replicas: 1, Template: spec.Template, TemplateAt: at}
	if spec.Parallelism != nil {
		w.Replicas = int(*spec.Parallelism)
	}
	return w
}

func readPod(s *System, o *manifest.Object) error {
	var d corev1.Pod
	if err := o.Decode(&d); err != nil {
		return err
	}
	coredefaults.SetObjectDefaults_Pod(&d)
	return s.add(o, &Workload{Kind: Pod, Replicas: 1, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: d.Labels, Annotations: d.Annotations}, Spec: d.Spec}}, nil)
}

// add completes a workload and puts it in.
func (s *System) add(o *manifest.Object, w *Workload, selector *metav1.LabelSelector) error {
	w.Object, w.Namespace = o, o.Namespace
	if w.Name == "" {
		w.Name = o.Name
	}
	if selector != nil {
		own, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil {
			return fmt.Errorf("%s: %s: spec.selector: %w", o.At("spec", "selector"), o, err)
		}
		if !own.Matches(labels.Set(w.Template.Labels)) {
			return fmt.Errorf("%s: %s: spec.selector does not match the labels of spec.template: the API server refuses it", o.At("spec", "selector"), o)
		}
	}
	s.Workloads = append(s.Workloads, w)
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
