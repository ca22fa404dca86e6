package agreement

// autoscaler gives a workload a HorizontalPodAutoscaler. Without metrics it only enforces its minimum.
func autoscaler(s *System, d dice, w *draft) {
	least := 1 + d.IntN(4)
	w.describe("autoscaler from %d to %d", least, least+2)
	w.Replicas = max(w.Replicas, least)
	if w.Replicas > least { // verify assumes the minimum; without metrics, the autoscaler does not scale down
		w.spec["replicas"], w.Replicas = least, least
	}
	w.Partition = min(w.Partition, w.Replicas)
	s.Objects = append(s.Objects, object{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": s.named(w.Name), "spec": object{
		"scaleTargetRef": object{"apiVersion": w.apiVersion, "kind": w.Kind, "name": w.Name}, "minReplicas": least, "maxReplicas": least + 2,
		"metrics": []any{object{"type": "Resource", "resource": object{"name": "cpu", "target": object{"type": "Utilization", "averageUtilization": 80}}}}}})
}
