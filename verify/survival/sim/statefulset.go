package sim

import "github.com/holdfast-ha/holdfast/verify/workload"

// statefulSet has a pod for each ordinal and changes one at a time (pkg/controller/statefulset/stateful_set_control.go). A
// Terminating pod delays the next pod of its name until it is gone.
//
// Before 1.37, a rollout replaces one pod at a time, from the highest ordinal down: maxUnavailable has no effect.
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
	if c.Workload.Kind == workload.StatefulSet && l.version.AtLeast(37) {
		replaced, err := replaceUnavailable(l, c, replicas)
		return acted || replaced, err
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

// replaceUnavailable deletes old pods from the highest ordinal down, as many as maxUnavailable allows. With parallel pod management
// it first deletes all old pods that are not available (updateStatefulSetAfterInvariantEstablished in 1.37.2; the feature gate
// MaxUnavailableStatefulSet is on from 1.37).
func replaceUnavailable(l *lifecycle, c *Controller, replicas []*Pod) (acted bool, err error) {
	rollout := c.Workload.Rollout
	unavailable := 0
	for _, p := range replicas {
		if !p.available() {
			unavailable++
		}
	}
	replace := func(these func(*Pod) bool, most int) {
		for i := len(replicas) - 1; i >= rollout.Partition && most > 0 && err == nil; i-- {
			if p := replicas[i]; p.revision != c.revision && p.active() && these(p) {
				err = l.terminate(p, "replaced")
				acted = true
				most--
			}
		}
	}
	all := func(*Pod) bool { return true }
	if !rollout.Parallel {
		replace(all, rollout.MaxUnavailable-unavailable)
		return acted, err
	}
	replace(func(p *Pod) bool { return !p.available() }, len(replicas))
	replace((*Pod).available, rollout.MaxUnavailable-unavailable)
	return acted, err
}
