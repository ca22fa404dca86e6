package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// probes say how often kubelet asks and how many refusals count; what it asks is the stack's.
func probes(q question) []Decision {
	if q.component.Managed {
		return nil
	}
	var all []Decision
	if p := q.component.Probes; !p.Startup.IsZero() {
		all = append(all, startup(q))
	}
	if p := q.component.Probes; !p.Ready.IsZero() {
		all = append(all, Decision{
			Key:    "readinessProbe",
			Value:  Map{"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3},
			Rule:   "Out of the Service after 15 s of refusals.",
			Reason: "One slow answer is no outage.",
			Source: "kubelet prober",
		})
	}
	if p := q.component.Probes; !p.Alive.IsZero() {
		all = append(all, Decision{
			Key:    "livenessProbe",
			Value:  Map{"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
			Rule:   "Restarted after a minute without an answer, and never for the state of others.",
			Reason: "A restart must be the cure: a probe that looked at the cluster would restart every survivor of a lost quorum.",
			Source: "nats-server monitor.go healthz; nats-io/k8s#1140",
		})
	}
	return all
}

func startup(q question) Decision {
	d := Decision{
		Key:    "startupProbe",
		Value:  Map{"periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 150},
		Rule:   "Five minutes to start, asked every two seconds.",
		Reason: "No other probe runs until then, so none needs an initial delay.",
		Source: "kubelet prober",
	}
	if q.model() == stack.Quorum {
		d.Value = Map{"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 180}
		d.Rule = "A quarter of an hour to recover its log and catch up, checked in full."
		d.Reason = "The startup probe is the gate of a rolling update: the next voter goes only when this one has caught up. A kill in the middle of recovery makes it longer."
		d.Source = "nats-io/k8s stateful-set.yaml; nats-server monitor.go healthz"
	}
	return d
}
