package workload

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// SetVersion adapts the system to Kubernetes 1.minor. A field that this version ignores has no effect, and is an assumption. A value
// that it refuses is an error. See docs/kubernetes-versions.md.
func (s *System) SetVersion(minor int) error {
	for _, w := range s.Workloads {
		spec := &w.Template.Spec
		if minor < podLevelResources && spec.Resources != nil {
			spec.Resources = nil
			s.assume(w.Object, fmt.Sprintf("Kubernetes 1.%d ignores the resources of the whole pod, which exist from 1.%d", minor, podLevelResources), w.Path("spec", "resources")...)
		}
		if minor < maxUnavailableOfSets && w.Kind == StatefulSet && w.Rollout.MaxUnavailable > 1 {
			s.assume(w.Object, fmt.Sprintf("Kubernetes 1.%d ignores maxUnavailable: a rollout replaces one pod at a time. From 1.%d it replaces %d at once: try --kube-version 1.%d",
				minor, maxUnavailableOfSets, w.Rollout.MaxUnavailable, maxUnavailableOfSets), "spec", "updateStrategy", "rollingUpdate", "maxUnavailable")
			w.Rollout.MaxUnavailable = 1
		}
		if minor < sleepOfZero {
			if err := w.refuseSleepOfZero(minor); err != nil {
				return err
			}
		}
	}
	return nil
}

// The minor versions from which fields have an effect by default (versioned feature gates in pkg/features/kube_features.go of 1.37.2).
const (
	sleepOfZero          = 33 // PodLifecycleSleepActionAllowZero
	podLevelResources    = 34 // PodLevelResources
	maxUnavailableOfSets = 37 // MaxUnavailableStatefulSet
)

func (w *Workload) refuseSleepOfZero(minor int) error {
	for i, c := range w.Template.Spec.Containers {
		if c.Lifecycle == nil {
			continue
		}
		for name, handler := range map[string]*corev1.LifecycleHandler{"preStop": c.Lifecycle.PreStop, "postStart": c.Lifecycle.PostStart} {
			if handler != nil && handler.Sleep != nil && handler.Sleep.Seconds == 0 {
				path := w.Path("spec", "containers", strconv.Itoa(i), "lifecycle", name, "sleep", "seconds")
				return w.Object.Errorf(slices.Clone(path), "is 0, which Kubernetes 1.%d rejects: want 1 or more, or 1.%d", minor, sleepOfZero)
			}
		}
	}
	return nil
}
