package stack

import (
	"github.com/holdfast-ha/holdfast/internal/strict"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// autoscaling checks that the number of pods may change, and that there is something to scale by.
func (c *checker) autoscaling(at string, one Component) {
	a := one.Autoscaling
	at += ".autoscaling"
	switch {
	case a == nil:
		return
	case one.Replication != Stateless:
		c.add(at, "is only for stateless components: other replication models need an exact number of pods")
	case one.Storage != nil:
		c.add(at, "is only for components without storage: scaling down would leave disks behind")
	}
	c.typed(at+".metrics", a.Metrics, []autoscalingv2.MetricSpec{})
	c.typed(at+".behavior", a.Behavior, autoscalingv2.HorizontalPodAutoscalerBehavior{})
	if a.MaxReplicas < 1 {
		c.add(at+".maxReplicas", "must be 1 or more")
	}
	if a.TargetCPUUtilization == 0 && a.TargetMemoryUtilization == 0 && len(items(a.Metrics)) == 0 {
		c.add(at, "has nothing to scale by: set targetCPUUtilization, targetMemoryUtilization or metrics")
	}
	for _, target := range []struct {
		key, resource string
		percent       int
	}{{"targetCPUUtilization", "cpu", a.TargetCPUUtilization}, {"targetMemoryUtilization", "memory", a.TargetMemoryUtilization}} {
		if target.percent < 0 {
			c.add(at+"."+target.key, "must not be negative")
		}
		if target.percent > 0 && !one.Resources.IsZero() && !requests(one, target.resource) {
			c.add(at+"."+target.key, "is in percent of the request, and the container requests none: set resources.requests.%s", target.resource)
		}
	}
}

// requests reports whether the component's container requests a resource; without a request, its limit is one.
func requests(one Component, resource string) bool {
	for _, kind := range []string{"requests", "limits"} {
		if _, all := strict.Child(&one.Resources, kind); all != nil {
			if _, amount := strict.Child(all, resource); amount != nil {
				return true
			}
		}
	}
	return false
}
