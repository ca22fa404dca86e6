package sim

// daemonSet has a pod on each of its nodes (pkg/controller/daemon/daemon_controller.go, update.go).
func daemonSet(l *lifecycle, c *Controller) (bool, error) {
	if c.revision == 1 && len(c.pods) >= len(c.nodes) {
		return false, nil
	}
	surge, unavailable := c.Workload.RolloutOnNodes(c.Replicas())
	all := podsPerNode(c)
	switch {
	case c.revision == 1 || c.Workload.Rollout.Type == "OnDelete":
		created, _ := createMissing(l, c, all)
		return created, nil
	case surge > 0:
		return surgeOnNodes(l, c, all, surge)
	}
	created, refused := createMissing(l, c, all)
	if refused {
		return created, nil
	}
	replaced, err := replaceOnNodes(l, all, unavailable)
	return created || replaced, err
}

// podsPerNode returns the pods on each node. The list is valid until the next call.
func podsPerNode(c *Controller) []daemonPods {
	if c.perNode == nil {
		c.perNode = make([]daemonPods, len(c.nodes))
	}
	clear(c.perNode)
	for _, p := range c.pods {
		switch on := &c.perNode[p.index]; {
		case !p.active():
			on.terminating = true
		case p.revision == c.revision:
			on.updated = p
		default:
			on.old = p
		}
	}
	return c.perNode
}

// createMissing creates pods for nodes without any, until the API server refuses one. A Terminating pod counts.
func createMissing(l *lifecycle, c *Controller, all []daemonPods) (acted, refused bool) {
	for i, on := range all {
		if on != (daemonPods{}) {
			continue
		}
		if l.create(c, i, c.revision, c.nodes[i]) == nil {
			return acted, true
		}
		acted = true
	}
	return acted, false
}

// replaceOnNodes deletes old pods: those that are not available, and as many others as maxUnavailable allows.
func replaceOnNodes(l *lifecycle, all []daemonPods, unavailable int) (bool, error) {
	var broken, candidates []*Pod
	for _, on := range all {
		switch {
		case on.old == nil && (on.updated == nil || !on.updated.available()):
			unavailable--
		case on.old == nil:
		case !on.old.available():
			broken = append(broken, on.old)
			unavailable--
		default:
			if len(candidates) < unavailable { // unavailable only decreases
				candidates = append(candidates, on.old)
			}
		}
	}
	outdated := append(broken, candidates[:max(0, min(unavailable, len(candidates)))]...)
	for _, p := range outdated {
		if err := l.terminate(p, "replaced"); err != nil {
			return true, err
		}
	}
	return len(outdated) > 0, nil
}

// surgeOnNodes creates the new pod of a node before it deletes the old one, on at most maxSurge nodes at once. On a
// failed node it creates none.
func surgeOnNodes(l *lifecycle, c *Controller, all []daemonPods, surge int) (bool, error) {
	acted := false
	for _, on := range all {
		if on.old != nil && on.updated != nil && !on.updated.available() {
			surge--
		}
	}
	for i, on := range all {
		switch {
		case c.nodes[i].failed:
		case on.updated == nil && (on.old == nil || !on.old.available() || surge > 0):
			if on.old != nil && on.old.available() {
				surge--
			}
			if l.create(c, i, c.revision, c.nodes[i]) != nil {
				acted = true
			}
		case on.updated != nil && on.old != nil && (on.updated.available() || on.old.state != ready):
			if err := l.terminate(on.old, "replaced"); err != nil {
				return true, err
			}
			acted = true
		}
	}
	return acted, nil
}
