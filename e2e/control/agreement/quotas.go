package agreement

// quota limits the number of pods of the namespace, or their CPU. Limits of a LimitRange are the requests of pods without any.
func quota(s *System, d dice, w *draft) {
	s.Refused = true
	hard := object{"pods": w.Replicas + d.IntN(3)}
	w.describe("quota of %d pods", hard["pods"])
	if d.in(40) {
		w.describe("and of 3 CPU")
		hard["requests.cpu"] = "3"
	}
	if d.in(30) {
		w.describe("CPU from a LimitRange")
		w.pod["containers"] = []any{object{"name": "c", "image": "example.com/c"}}
		s.Objects = append(s.Objects, object{"apiVersion": "v1", "kind": "LimitRange", "metadata": s.named("limits"),
			"spec": object{"limits": []any{object{"type": "Container", "defaultRequest": object{"cpu": "1"}, "default": object{"cpu": "1"}}}}})
	}
	s.Objects = append(s.Objects, object{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": s.named("quota"), "spec": object{"hard": hard}})
}
