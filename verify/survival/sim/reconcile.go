package sim

import "github.com/holdfast-ha/holdfast/verify/workload"

// reconciler runs the controller of a workload once, and reports whether it changed anything.
type reconciler func(*lifecycle, *Controller) (bool, error)

var reconcilers = map[string]reconciler{
	workload.Deployment: deployment, workload.StatefulSet: statefulSet, workload.DaemonSet: daemonSet,
	workload.ReplicaSet: replicaSet, workload.Job: replicaSet, workload.Pod: unmanagedPod,
	workload.Pods: statefulSet,
}

// unmanagedPod creates a pod that no controller replaces.
func unmanagedPod(l *lifecycle, c *Controller) (bool, error) {
	if c.created > 0 {
		return false, nil
	}
	return l.create(c, 0, 1, nil) != nil, nil
}
