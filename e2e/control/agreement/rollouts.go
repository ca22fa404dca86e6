package agreement

// rollout makes a Rollout of Argo Rollouts of a Deployment, with a canary of one step or with blue-green.
func rollout(s *System, d dice, w *draft) {
	w.Kind, w.apiVersion = "Rollout", "argoproj.io/v1alpha1"
	limits, _ := w.spec["strategy"].(object)["rollingUpdate"].(object)
	delete(w.spec, "progressDeadlineSeconds")
	w.about[0] = "Rollout" + w.about[0][len(deployment):]
	if limits == nil || d.in(30) {
		delay := one(d, 0, 1)
		w.describe("blue-green, scaleDownDelaySeconds %d", delay)
		s.Objects = append(s.Objects, object{"apiVersion": "v1", "kind": "Service", "metadata": s.named(w.Name), "spec": object{"selector": object{"app": w.Name}, "ports": []any{object{"port": 80}}}})
		w.spec["strategy"] = object{"blueGreen": object{"activeService": w.Name, "scaleDownDelaySeconds": delay}}
		return
	}
	w.describe("canary")
	w.spec["strategy"] = object{"canary": object{"maxSurge": limits["maxSurge"], "maxUnavailable": limits["maxUnavailable"]}}
}
