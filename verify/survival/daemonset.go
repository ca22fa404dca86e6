package survival

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	schedulinghelpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// daemonSet has a pod on each of its nodes (pkg/controller/daemon/daemon_controller.go, update.go).
func daemonSet(w *world, c *controller) (bool, error) {
	if c.revision == 1 && len(c.pods) >= len(c.on) {
		return false, nil
	}
	surge, unavailable := c.of.RolloutOnNodes(c.wanted())
	all := c.pairs()
	switch {
	case c.revision == 1 || c.of.Rollout.Type == "OnDelete":
		return w.fill(c, all), nil
	case surge > 0:
		return w.surge(c, all, surge)
	}
	filled := w.fill(c, all)
	replaced, err := w.replace(all, unavailable)
	return filled || replaced, err
}

// pair is what a DaemonSet has on a node: a pod of the old template, one of the new, and any other that is still stopping.
type pair struct {
	old, updated *pod
	stopping     bool
}

// pairs are what a DaemonSet has on each of its nodes, until they are asked for again.
func (c *controller) pairs() []pair {
	if c.pair == nil {
		c.pair = make([]pair, len(c.on))
	}
	clear(c.pair)
	for _, p := range c.pods {
		switch at := &c.pair[p.index]; {
		case !p.active():
			at.stopping = true
		case p.revision == c.revision:
			at.updated = p
		default:
			at.old = p
		}
	}
	return c.pair
}

// fill makes pods for nodes that have none. One that is still stopping is one.
func (w *world) fill(c *controller, all []pair) bool {
	acted := false
	for i, at := range all {
		if at == (pair{}) {
			w.create(c, i, c.revision, c.on[i])
			acted = true
		}
	}
	return acted
}

// replace stops old pods: those that are not available, and as many others as may be missing.
func (w *world) replace(all []pair, unavailable int) (bool, error) {
	var broken, candidates []*pod
	for _, at := range all {
		switch {
		case at.old == nil && (at.updated == nil || !at.updated.available()):
			unavailable--
		case at.old == nil:
		case !at.old.available():
			broken = append(broken, at.old)
			unavailable--
		default:
			if len(candidates) < unavailable { // it only gets smaller
				candidates = append(candidates, at.old)
			}
		}
	}
	stop := append(broken, candidates[:max(0, min(unavailable, len(candidates)))]...)
	for _, p := range stop {
		if err := w.stop(p, "replaced"); err != nil {
			return true, err
		}
	}
	return len(stop) > 0, nil
}

// surge makes the new pod of a node before the old one goes, on some nodes at once. On a node without power nothing is made.
func (w *world) surge(c *controller, all []pair, most int) (bool, error) {
	acted := false
	for _, at := range all {
		if at.old != nil && at.updated != nil && !at.updated.available() {
			most--
		}
	}
	for i, at := range all {
		switch {
		case c.on[i].lost:
		case at.updated == nil && (at.old == nil || !at.old.available() || most > 0):
			if at.old != nil && at.old.available() {
				most--
			}
			w.create(c, i, c.revision, c.on[i])
			acted = true
		case at.updated != nil && at.old != nil && (at.updated.available() || at.old.state != ready):
			if err := w.stop(at.old, "replaced"); err != nil {
				return true, err
			}
			acted = true
		}
	}
	return acted, nil
}

// runsOn tells whether a DaemonSet has a pod on a node: where it may be put, and every taint is tolerated that keeps pods
// away (NodeShouldRunDaemonPod in pkg/controller/daemon/daemon_controller.go).
func runsOn(spec *corev1.PodSpec, n *corev1.Node) bool {
	return mayBeOn(spec, n) && toleratesAll(spec, n.Spec.Taints, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute)
}

// toleratesAll tells whether a pod tolerates all taints of some effects.
func toleratesAll(spec *corev1.PodSpec, taints []corev1.Taint, effects ...corev1.TaintEffect) bool {
	_, some := schedulinghelpers.FindMatchingUntoleratedTaint(klog.Background(), taints, spec.Tolerations,
		func(t *corev1.Taint) bool { return slices.Contains(effects, t.Effect) }, false)
	return !some
}

// mayBeOn tells whether a pod's node selector and required node affinity let it be on a node.
func mayBeOn(spec *corev1.PodSpec, n *corev1.Node) bool {
	fits, err := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: *spec}).Match(n)
	return fits && err == nil && (spec.NodeName == "" || spec.NodeName == n.Name)
}
