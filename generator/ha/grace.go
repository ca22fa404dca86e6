package ha

// stopSeconds is left after a drain for the process to end and for kubelet to notice.
const stopSeconds = 30

// grace is how long a pod may take to stop.
func grace(q question) []Decision {
	if q.component.Managed {
		return nil
	}
	d := Decision{Key: "terminationGracePeriodSeconds", Value: stopSeconds,
		Rule:   "Kubernetes' default.",
		Reason: "The process needs no time to hand over its work.",
		Source: "core/v1 PodSpec"}
	if drain := q.component.Drain; drain != nil {
		d.Value = drain.SleepSeconds + drain.Seconds + stopSeconds
		d.Rule = "The drain, and half a minute to end."
		d.Reason = "A process killed in its drain drops what it was handing over."
		d.Source = "the stack's drain; for NATS: server.go lameDuckMode (30 s at least)"
	}
	return []Decision{d}
}
