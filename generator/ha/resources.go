package ha

// resources are the requests and limits of pods that another controller creates. Those of the chart's own pods are plain values.
func resources(in input) []Decision {
	if !in.component.Managed || in.component.Resources.IsZero() {
		return nil
	}
	var value Map
	if err := in.component.Resources.Decode(&value); err != nil {
		return nil // Load has validated the stack
	}
	return []Decision{{
		Key:    "resources",
		Value:  value,
		Rule:   "Each pod requests CPU and memory and has a memory limit; a template's own container.resources are merged into these. The numbers are a start, not a measurement: set them by the use of your pods.",
		Reason: "The custom resource has no defaults. A pod without requests is the first that a node evicts when its memory runs out, and the scheduler counts it as nothing: after a failure the remaining nodes may have no room for it.",
		Source: "argo-events pkg/apis/events/v1alpha1/template.go; kubelet eviction; kube-scheduler NodeResourcesFit",
	}}
}
