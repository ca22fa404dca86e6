package survival

// deployment has two ReplicaSets, one for each template, and moves pods from the old to the new as it may
// (pkg/controller/deployment/rolling.go, recreate.go).
func deployment(w *world, c *controller) (bool, error) {
	acted := false
	if c.revision == 2 {
		if c.of.Rollout.Type == "Recreate" {
			acted = w.recreate(c)
		} else {
			acted = w.rollOn(c)
		}
	} else if c.old != c.want {
		set(w, &c.old, c.want)
		acted = true
	}
	for _, set := range []struct{ revision, to int }{{1, c.old}, {2, c.new}} {
		did, err := w.scale(c, set.revision, set.to)
		if err != nil {
			return acted, err
		}
		acted = acted || did
	}
	return acted, nil
}

// rollOn does the next step of a rolling update: new pods first, as many as surge allows, then away with old ones, as many as
// unavailability allows: those first that are not available anyway.
func (w *world) rollOn(c *controller) bool {
	if up := min(c.want+c.of.Rollout.MaxSurge-c.old-c.new, c.want-c.new); up > 0 {
		set(w, &c.new, c.new+up)
		return true
	}
	if c.old == 0 {
		return false
	}
	oldAvailable, newAvailable := available(c.active(1)), available(c.active(2))
	least := c.want - c.of.Rollout.MaxUnavailable
	most := c.old + c.new - least - (c.new - newAvailable)
	if most <= 0 {
		return false
	}
	down := max(0, min(most, c.old-oldAvailable))
	down += max(0, min(c.old-down, oldAvailable+newAvailable-least))
	set(w, &c.old, c.old-down)
	return down > 0
}

// recreate makes no new pod before the last old one is gone.
func (w *world) recreate(c *controller) bool {
	if c.old > 0 {
		set(w, &c.old, 0)
		return true
	}
	for _, p := range c.pods {
		if p.revision == 1 {
			return false
		}
	}
	if c.new == c.want {
		return false
	}
	set(w, &c.new, c.want)
	return true
}

// available counts pods that have been ready for long enough.
func available(pods []*pod) int {
	n := 0
	for _, p := range pods {
		if p.available() {
			n++
		}
	}
	return n
}
