package survival

// statefulSet has a pod for each ordinal, and one at a time (pkg/controller/statefulset/stateful_set_control.go). A pod that is
// marked for deletion stands in the way of the next of its name until it is gone.
//
// maxUnavailable of its strategy is left out as the API server does by default: MaxUnavailableStatefulSet is off in 1.36.
func statefulSet(w *world, c *controller) (bool, error) {
	replicas, condemned := make([]*pod, c.want), []*pod{}
	for _, p := range c.pods {
		if p.index < c.want {
			replicas[p.index] = p
		} else {
			condemned = append(condemned, p)
		}
	}
	acted := false
	for i, p := range replicas {
		if p == nil {
			revision := c.revision
			if i < c.of.Rollout.Partition {
				revision = 1
			}
			replicas[i] = w.create(c, i, revision, nil)
			acted = true
		}
		if !c.of.Rollout.Parallel && !replicas[i].available() {
			return acted, nil // in order: the next waits for this one
		}
	}
	for i := len(condemned) - 1; i >= 0; i-- {
		if p := condemned[i]; p.active() {
			if err := w.stop(p, "one too many"); err != nil || !c.of.Rollout.Parallel {
				return true, err
			}
			acted = true
		} else if !c.of.Rollout.Parallel {
			return acted, nil
		}
	}
	if c.revision == 1 || c.of.Rollout.Type == "OnDelete" {
		return acted, nil
	}
	for i := c.want - 1; i >= c.of.Rollout.Partition; i-- {
		p := replicas[i]
		if p.revision != c.revision && p.active() {
			return true, w.stop(p, "replaced")
		}
		if !p.available() {
			break
		}
	}
	return acted, nil
}
