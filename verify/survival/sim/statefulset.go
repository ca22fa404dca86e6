package sim

// statefulSet has a pod for each ordinal and changes one at a time (pkg/controller/statefulset/stateful_set_control.go). A
// Terminating pod delays the next pod of its name until it is gone.
//
// maxUnavailable is ignored, as by the API server's default: the feature gate MaxUnavailableStatefulSet is off in 1.36.
func statefulSet(l *lifecycle, c *Controller) (bool, error) {
	rollout := c.Workload.Rollout
	replicas, condemned := make([]*Pod, c.replicas), []*Pod{}
	for _, p := range c.pods {
		if p.index < c.replicas {
			replicas[p.index] = p
		} else {
			condemned = append(condemned, p)
		}
	}
	acted := false
	for i, p := range replicas {
		if p == nil {
			revision := c.revision
			if i < rollout.Partition {
				revision = 1
			}
			if replicas[i] = l.create(c, i, revision, nil); replicas[i] == nil {
				return acted, nil
			}
			acted = true
		}
		if !rollout.Parallel && !replicas[i].available() {
			return acted, nil // in order: the next pod waits for this one
		}
	}
	for i := len(condemned) - 1; i >= 0; i-- {
		if p := condemned[i]; p.active() {
			if err := l.terminate(p, "scaled down"); err != nil || !rollout.Parallel {
				return true, err
			}
			acted = true
		} else if !rollout.Parallel {
			return acted, nil
		}
	}
	if c.revision == 1 || rollout.Type == "OnDelete" {
		return acted, nil
	}
	for i := c.replicas - 1; i >= rollout.Partition; i-- {
		p := replicas[i]
		if p.revision != c.revision && p.active() {
			return true, l.terminate(p, "replaced")
		}
		if !p.available() {
			break
		}
	}
	return acted, nil
}
