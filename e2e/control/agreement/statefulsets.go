package agreement

// maxUnavailable allows several unavailable pods in the rollout of a StatefulSet. From Kubernetes 1.37 it counts by default.
func maxUnavailable(_ *System, d dice, w *draft) {
	most := one[any](d, 2, 3, "50%", "100%")
	w.describe("maxUnavailable %v", most)
	w.Partition = 0
	w.spec["updateStrategy"] = object{"type": "RollingUpdate", "rollingUpdate": object{"maxUnavailable": most}}
}
