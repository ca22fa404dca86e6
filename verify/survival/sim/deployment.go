package sim

import "github.com/holdfast-ha/holdfast/verify/workload"

// deployment has a ReplicaSet for each of two revisions and moves the replicas from the old to the new one
// (pkg/controller/deployment/rolling.go, recreate.go).
func deployment(l *lifecycle, c *Controller) (bool, error) {
	acted := false
	switch {
	case c.revision == 2 && c.Workload.Rollout.Type == workload.Paused:
	case c.revision == 2 && c.Workload.Rollout.Type == "Recreate":
		acted = recreate(l.journal, c)
	case c.revision == 2 && c.Workload.Rollout.Type == "BlueGreen":
		acted = blueGreen(l.journal, c)
	case c.revision == 2:
		acted = rollingUpdate(l.journal, c)
	case c.oldReplicas != c.replicas:
		set(l.journal, &c.oldReplicas, c.replicas)
		acted = true
	}
	for _, set := range []struct{ revision, replicas int }{{1, c.oldReplicas}, {2, c.newReplicas}} {
		scaled, err := scale(l, c, set.revision, set.replicas)
		if err != nil {
			return acted, err
		}
		acted = acted || scaled
	}
	return acted, nil
}

// rollingUpdate does the next step of a rolling update. It creates as many new pods as maxSurge allows, then deletes as
// many old ones as maxUnavailable allows: first those that are not available.
func rollingUpdate(j *journal, c *Controller) bool {
	if up := min(c.replicas+c.Workload.Rollout.MaxSurge-c.oldReplicas-c.newReplicas, c.replicas-c.newReplicas); up > 0 {
		set(j, &c.newReplicas, c.newReplicas+up)
		return true
	}
	if c.oldReplicas == 0 {
		return false
	}
	oldAvailable, newAvailable := countAvailable(c.activePods(1)), countAvailable(c.activePods(2))
	minAvailable := c.replicas - c.Workload.Rollout.MaxUnavailable
	maxDown := c.oldReplicas + c.newReplicas - minAvailable - (c.newReplicas - newAvailable)
	if maxDown <= 0 {
		return false
	}
	down := max(0, min(maxDown, c.oldReplicas-oldAvailable))
	down += max(0, min(c.oldReplicas-down, oldAvailable+newAvailable-minAvailable))
	set(j, &c.oldReplicas, c.oldReplicas-down)
	return down > 0
}

// recreate creates no new pod before the last old one is gone.
func recreate(j *journal, c *Controller) bool {
	if c.oldReplicas > 0 {
		set(j, &c.oldReplicas, 0)
		return true
	}
	for _, p := range c.pods {
		if p.revision == 1 {
			return false
		}
	}
	if c.newReplicas == c.replicas {
		return false
	}
	set(j, &c.newReplicas, c.replicas)
	return true
}

// blueGreen creates all new pods, and deletes the old ones once all new ones are available. Old pods that were never all available were
// never promoted, and are deleted at once (rollout/bluegreen.go of Argo Rollouts, scaleDownOldReplicaSetsForBlueGreen).
func blueGreen(j *journal, c *Controller) bool {
	switch {
	case c.newReplicas != c.replicas:
		if c.Workload.KeepsOld == "" && countAvailable(c.activePods(1)) < c.replicas {
			set(j, &c.oldReplicas, 0)
		}
		set(j, &c.newReplicas, c.replicas)
	case c.oldReplicas > 0 && c.Workload.KeepsOld == "" && countAvailable(c.activePods(2)) >= c.replicas:
		set(j, &c.oldReplicas, 0)
	default:
		return false
	}
	return true
}

func countAvailable(pods []*Pod) int {
	n := 0
	for _, p := range pods {
		if p.available() {
			n++
		}
	}
	return n
}
