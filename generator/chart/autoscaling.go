package chart

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/stack"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// scalerEntry are the values of an autoscaler: its upper bound, and the targets and the behaviour that the stack sets.
func scalerEntry(a stack.Autoscaling) (entry, error) {
	about := "HorizontalPodAutoscaler from replicas to maxReplicas."
	text := fmt.Sprintf("enabled: false\nmaxReplicas: %d", a.MaxReplicas)
	switch {
	case a.TargetCPUUtilization > 0 && a.TargetMemoryUtilization > 0:
		about += " The targets are in percent of the requests."
	case a.TargetCPUUtilization > 0:
		about += " The target is in percent of the CPU request."
	case a.TargetMemoryUtilization > 0:
		about += " The target is in percent of the memory request."
	}
	if a.TargetCPUUtilization > 0 {
		text += fmt.Sprintf("\ntargetCPUUtilization: %d", a.TargetCPUUtilization)
	}
	if a.TargetMemoryUtilization > 0 {
		text += fmt.Sprintf("\ntargetMemoryUtilization: %d", a.TargetMemoryUtilization)
	}
	behavior, err := toYAML(a.Behavior)
	if behavior != "" {
		text += "\nbehavior:\n" + indent(behavior, "  ")
	}
	return entry{"autoscaling", about, text, nil}, err
}

func scalerSchema(a *stack.Autoscaling) node {
	if a == nil {
		return nil
	}
	count := node{"type": "integer", "minimum": 1}
	properties := node{"enabled": boolean, "maxReplicas": count}
	if a.TargetCPUUtilization > 0 {
		properties["targetCPUUtilization"] = count
	}
	if a.TargetMemoryUtilization > 0 {
		properties["targetMemoryUtilization"] = count
	}
	if !a.Behavior.IsZero() {
		properties["behavior"] = ref[autoscalingv2.HorizontalPodAutoscalerBehavior]()
	}
	return strictObject(properties)
}
