package control

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// settled returns an error that describes what is missing, until all workloads, pods, budgets and Jobs are in the steady state.
func (r *release) settled(ctx context.Context) error {
	workloads, err := r.workloads(ctx)
	if err != nil {
		return err
	}
	pods, err := r.pods(ctx)
	if err != nil {
		return err
	}
	wanted := 0
	for _, w := range workloads {
		if w.observed != w.generation || w.updated != w.replicas || w.ready != w.replicas {
			return fmt.Errorf("%s: of %d pods, %d are updated and %d ready (generation %d of %d observed)", w.name, w.replicas, w.updated, w.ready, w.observed, w.generation)
		}
		wanted += int(w.replicas)
	}
	if len(workloads) == 0 {
		return errors.New("there are no workloads")
	}
	running := 0
	for _, p := range pods {
		if p.DeletionTimestamp != nil {
			return fmt.Errorf("pod %s is Terminating", p.Name)
		}
		if kind := controller(p).Kind; kind == "Job" || kind == "" {
			continue
		}
		if p.Status.Phase != corev1.PodRunning {
			return fmt.Errorf("pod %s is %s", p.Name, p.Status.Phase)
		}
		running++
	}
	if running != wanted {
		return fmt.Errorf("got %d pods, want %d", running, wanted)
	}
	if err := r.scaled(ctx); err != nil {
		return err
	}
	if err := r.healthy(ctx); err != nil {
		return err
	}
	jobs, err := kube.Kube.BatchV1().Jobs(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, job := range jobs.Items {
		if job.Status.Succeeded == 0 {
			return fmt.Errorf("job %s has not succeeded", job.Name)
		}
	}
	_, _, err = r.reconciled(ctx)
	return err
}

// scaled returns an error while an autoscaler has not scaled its workload to the minimum.
func (r *release) scaled(ctx context.Context) error {
	found, err := kube.Kube.AutoscalingV2().HorizontalPodAutoscalers(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, h := range found.Items {
		if h.Status.CurrentReplicas < *h.Spec.MinReplicas {
			return fmt.Errorf("autoscaler %s: %d of %d replicas", h.Name, h.Status.CurrentReplicas, *h.Spec.MinReplicas)
		}
	}
	return nil
}

// healthy returns an error while a budget counts a pod as unavailable. For an evicted pod that is back with the same name this may take two minutes,
// if the disruption controller was too busy to observe its deletion.
func (r *release) healthy(ctx context.Context) error {
	found, err := kube.Kube.PolicyV1().PodDisruptionBudgets(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, b := range found.Items {
		if s := b.Status; s.ObservedGeneration != b.Generation || s.CurrentHealthy != s.ExpectedPods {
			return fmt.Errorf("budget %s: %d of %d pods are healthy, disrupted: %v", b.Name, s.CurrentHealthy, s.ExpectedPods, s.DisruptedPods)
		}
	}
	return nil
}

// workload is a Deployment, StatefulSet or DaemonSet.
type workload struct {
	kind, name               string
	generation, observed     int64
	replicas, updated, ready int32
}

func (r *release) workloads(ctx context.Context) (all []workload, err error) {
	apps := kube.Kube.AppsV1()
	deployments, err := apps.Deployments(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, d := range deployments.Items {
		s := d.Status
		// Subtract old pods that still run.
		updated := s.UpdatedReplicas - (s.Replicas - s.UpdatedReplicas)
		all = append(all, workload{"Deployment", d.Name, d.Generation, s.ObservedGeneration, *d.Spec.Replicas, updated, s.ReadyReplicas})
	}
	sets, err := apps.StatefulSets(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, d := range sets.Items {
		s := d.Status
		all = append(all, workload{"StatefulSet", d.Name, d.Generation, s.ObservedGeneration, *d.Spec.Replicas, s.UpdatedReplicas, s.ReadyReplicas})
	}
	daemons, err := apps.DaemonSets(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, d := range daemons.Items {
		s := d.Status
		all = append(all, workload{"DaemonSet", d.Name, d.Generation, s.ObservedGeneration, s.DesiredNumberScheduled, s.UpdatedNumberScheduled, s.NumberReady})
	}
	return all, nil
}

func (r *release) pods(ctx context.Context) ([]corev1.Pod, error) {
	found, err := kube.Kube.CoreV1().Pods(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return found.Items, nil
}

// controller returns the controlling owner of a pod, or an empty reference.
func controller(p corev1.Pod) metav1.OwnerReference {
	if owner := metav1.GetControllerOf(&p); owner != nil {
		return *owner
	}
	return metav1.OwnerReference{}
}
