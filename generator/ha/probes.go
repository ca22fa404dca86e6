package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// probes set the periods and thresholds of the probes; their handlers are in the stack.
func probes(in input) []Decision {
	if in.component.Managed {
		return nil
	}
	var all []Decision
	if p := in.component.Probes; !p.Startup.IsZero() {
		all = append(all, startup(in))
	}
	if p := in.component.Probes; !p.Ready.IsZero() {
		all = append(all, readiness(in))
	}
	if p := in.component.Probes; !p.Alive.IsZero() {
		all = append(all, Decision{
			Key:    "livenessProbe",
			Value:  Map{"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
			Rule:   "Restarted after 60 s of failed probes, and never because of other pods.",
			Reason: "A restart must be able to help: a probe of the cluster's health would restart all remaining members when the quorum is lost.",
			Source: "nats-server monitor.go healthz; nats-io/k8s#1140",
		})
	}
	return all
}

func startup(in input) Decision {
	d := Decision{
		Key:    "startupProbe",
		Value:  Map{"periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 150},
		Rule:   "Up to 5 minutes to start, probed every 2 s.",
		Reason: "No other probe runs before it succeeds, so none needs an initial delay.",
		Source: "kubelet prober",
	}
	if in.model() == stack.Quorum {
		d.Value = Map{"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 180}
		d.Rule = "Up to 15 minutes to recover the log and catch up, probed every 5 s."
		d.Reason = "The startup probe gates a rolling update: the next member is replaced only when this one has caught up. A restart during recovery would make the recovery longer."
		d.Source = "nats-io/k8s stateful-set.yaml; nats-server monitor.go healthz"
	}
	return d
}

func readiness(in input) Decision {
	d := Decision{
		Key:    "readinessProbe",
		Value:  Map{"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3},
		Rule:   "Removed from the Service after 15 s of failed probes.",
		Reason: "A single slow response is not an outage.",
		Source: "kubelet prober",
	}
	if in.model() == stack.Quorum {
		d.Value = Map{"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 2}
		d.Rule = "Not ready for Services and disruption budgets after 10 s of failed probes."
		d.Reason = "A single slow response is not an outage. While one member stores nothing, no other member may be evicted."
		d.Source = "kubelet prober; kube-controller-manager disruption.go countHealthyPods"
	}
	return d
}
