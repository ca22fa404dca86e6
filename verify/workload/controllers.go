package workload

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	appsdefaults "k8s.io/kubernetes/pkg/apis/apps/v1"
	batchdefaults "k8s.io/kubernetes/pkg/apis/batch/v1"
	coredefaults "k8s.io/kubernetes/pkg/apis/core/v1"

	"github.com/holdfast-ha/holdfast/verify/apiserver"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// template is the path of the pod template in most kinds.
var template = []string{"spec", "template"}

func readDeployment(s *System, o *manifest.Object, d *appsv1.Deployment) error {
	return s.deployment(&Workload{Object: o, TemplatePath: template}, d)
}

// deployment adds a Deployment: the workload's object, or the one that a controller creates for it.
func (s *System) deployment(w *Workload, d *appsv1.Deployment) error {
	appsdefaults.SetObjectDefaults_Deployment(d)
	w.Kind, w.Name, w.Template, w.MinReady = Deployment, d.Name, d.Spec.Template, seconds(d.Spec.MinReadySeconds)
	if err := s.scale(w, d.Spec.Replicas); err != nil {
		return err
	}
	w.Rollout = Rollout{Type: string(d.Spec.Strategy.Type)}
	if w.HashLabel == "" {
		w.HashLabel = appsv1.DefaultDeploymentUniqueLabelKey
	}
	if w.blueGreen && !d.Spec.Paused {
		w.Rollout = Rollout{Type: "BlueGreen", MaxSurge: w.Replicas}
		return s.add(w, d.Spec.Selector)
	}
	if r := d.Spec.Strategy.RollingUpdate; r != nil {
		var err error
		if w.Rollout.MaxSurge, err = scaled(w.Object, r.MaxSurge, w.Replicas, true, "spec", "strategy", "rollingUpdate", "maxSurge"); err != nil {
			return err
		}
		if w.Rollout.MaxUnavailable, err = scaled(w.Object, r.MaxUnavailable, w.Replicas, false, "spec", "strategy", "rollingUpdate", "maxUnavailable"); err != nil {
			return err
		}
		// With neither surge nor unavailability a rollout could not start: the controller then uses maxUnavailable 1.
		if w.Rollout.MaxSurge == 0 && w.Rollout.MaxUnavailable == 0 {
			w.Rollout.MaxUnavailable = 1
		}
	}
	if d.Spec.Paused {
		w.Rollout.Type = Paused
	}
	return s.add(w, d.Spec.Selector)
}

func readStatefulSet(s *System, o *manifest.Object, d *appsv1.StatefulSet) error {
	return s.statefulSet(&Workload{Object: o, TemplatePath: template}, d)
}

// statefulSet adds a StatefulSet: the workload's object, or the one that a controller creates for it.
func (s *System) statefulSet(w *Workload, d *appsv1.StatefulSet) error {
	appsdefaults.SetObjectDefaults_StatefulSet(d)
	w.Kind, w.Name, w.Template, w.MinReady, w.Claims = StatefulSet, d.Name, d.Spec.Template, seconds(d.Spec.MinReadySeconds), d.Spec.VolumeClaimTemplates
	w.serviceName = d.Spec.ServiceName
	if err := s.scale(w, d.Spec.Replicas); err != nil {
		return err
	}
	w.Rollout = Rollout{Type: string(d.Spec.UpdateStrategy.Type), MaxUnavailable: 1, Parallel: d.Spec.PodManagementPolicy == appsv1.ParallelPodManagement}
	if r := d.Spec.UpdateStrategy.RollingUpdate; r != nil {
		unavailable, err := scaled(w.Object, r.MaxUnavailable, w.Replicas, false, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable")
		if err != nil {
			return err
		}
		w.Rollout.Partition, w.Rollout.MaxUnavailable = int(deref(r.Partition)), max(1, unavailable)
	}
	return s.add(w, d.Spec.Selector)
}

func readDaemonSet(s *System, o *manifest.Object, d *appsv1.DaemonSet) error {
	return s.daemonSet(&Workload{Object: o, TemplatePath: template}, d)
}

// daemonSet adds a DaemonSet: the workload's object, or the one that a controller creates for it.
func (s *System) daemonSet(w *Workload, d *appsv1.DaemonSet) error {
	appsdefaults.SetObjectDefaults_DaemonSet(d)
	w.Kind, w.Name, w.Template, w.MinReady = DaemonSet, d.Name, d.Spec.Template, seconds(d.Spec.MinReadySeconds)
	if err := w.setDaemonRollout(w.Object, d.Spec.UpdateStrategy); err != nil {
		return err
	}
	return s.add(w, d.Spec.Selector)
}

func readReplicaSet(s *System, o *manifest.Object, d *appsv1.ReplicaSet) error {
	appsdefaults.SetObjectDefaults_ReplicaSet(d)
	w := &Workload{Object: o, Kind: ReplicaSet, Name: o.Name, Template: d.Spec.Template, TemplatePath: template, MinReady: seconds(d.Spec.MinReadySeconds)}
	if err := s.scale(w, d.Spec.Replicas); err != nil {
		return err
	}
	return s.add(w, d.Spec.Selector)
}

// readReplicationController reads a ReplicationController as a ReplicaSet, which behaves the same.
func readReplicationController(s *System, o *manifest.Object, d *corev1.ReplicationController) error {
	coredefaults.SetObjectDefaults_ReplicationController(d)
	w := &Workload{Object: o, Kind: ReplicaSet, Name: o.Name, Template: *d.Spec.Template, TemplatePath: template, MinReady: seconds(d.Spec.MinReadySeconds)}
	if err := s.scale(w, d.Spec.Replicas); err != nil {
		return err
	}
	return s.add(w, &metav1.LabelSelector{MatchLabels: d.Spec.Selector})
}

func readJob(s *System, o *manifest.Object, d *batchv1.Job) error {
	for _, c := range d.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			s.assume(o, "has completed: not judged", "status", "conditions")
			return nil
		}
	}
	batchdefaults.SetObjectDefaults_Job(d)
	return s.job(&Workload{Object: o, Name: o.Name, TemplatePath: template}, &d.Spec)
}

func readCronJob(s *System, o *manifest.Object, d *batchv1.CronJob) error {
	batchdefaults.SetObjectDefaults_CronJob(d)
	return s.job(&Workload{Object: o, Name: o.Name, TemplatePath: []string{"spec", "jobTemplate", "spec", "template"}}, &d.Spec.JobTemplate.Spec)
}

// job adds a Job with as many pods as run at once.
func (s *System) job(w *Workload, spec *batchv1.JobSpec) error {
	w.Kind, w.Replicas, w.Template = Job, 1, spec.Template
	at := w.TemplatePath
	if spec.Parallelism != nil {
		w.Replicas = int(*spec.Parallelism)
	}
	w.Min, w.Max = w.Replicas, w.Replicas
	if err := w.checkPods(append(at[:len(at)-1:len(at)-1], "parallelism")...); err != nil {
		return err
	}
	return s.add(w, nil)
}

func readPod(s *System, o *manifest.Object, d *corev1.Pod) error {
	r, exists := newRunning(d, Pod)
	if !exists && (r.Terminating || d.Status.Phase == corev1.PodSucceeded || d.Status.Phase == corev1.PodFailed) {
		s.assume(o, "has completed or terminates: not judged", "status", "phase")
		return nil
	}
	coredefaults.SetObjectDefaults_Pod(d)
	w := &Workload{Object: o, Kind: Pod, Name: o.Name, Replicas: 1, Min: 1, Max: 1,
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: d.Labels, Annotations: d.Annotations}, Spec: d.Spec}}
	if exists {
		r.Ordinal = -1
		w.Running = []Running{r}
	}
	return s.add(w, nil)
}

// add completes a workload and adds it to the system.
func (s *System) add(w *Workload, selector *metav1.LabelSelector) error {
	w.Namespace, w.Selector = w.Object.Namespace, selector
	if selector != nil {
		own, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil {
			return w.Object.Errorf([]string{"spec", "selector"}, "%w", err)
		}
		if !own.Matches(labels.Set(w.Template.Labels)) {
			return w.Object.Errorf([]string{"spec", "selector"}, "does not match the labels of spec.template, which the API server rejects")
		}
	}
	if err := apiserver.CheckPods(w.Object, &w.Template, w.Claims, w.TemplatePath); err != nil {
		return err
	}
	if grace := w.Template.Spec.TerminationGracePeriodSeconds; grace != nil && *grace < 0 {
		one := int64(1) // as the API server stores it (Convert_v1_PodSpec_To_core_PodSpec in pkg/apis/core/v1/conversion.go)
		w.Template.Spec.TerminationGracePeriodSeconds = &one
	}
	if err := s.prioritize(w); err != nil {
		return err
	}
	if err := w.setHash(); err != nil {
		return err
	}
	s.Workloads = append(s.Workloads, w)
	return nil
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }
