package ha

// stopSeconds is the time after a drain for the process to exit and for the kubelet to detect it.
const stopSeconds = 30

// grace limits the time for a pod to stop.
func grace(in input) []Decision {
	if in.component.Managed {
		return nil
	}
	d := Decision{Key: "terminationGracePeriodSeconds", Value: stopSeconds,
		Rule:   "The default of Kubernetes.",
		Reason: "The process has no work to hand over.",
		Source: "core/v1 PodSpec"}
	if drain := in.component.Drain; drain != nil {
		d.Value = drain.SleepSeconds + drain.Seconds + stopSeconds
		d.Rule = "The duration of the component's own drain, and 30 s to exit."
		d.Reason = "A process that is killed during its drain loses the work that it was handing over."
		d.Source = "the drain of the stack; for NATS: server.go lameDuckMode (at least 30 s)"
	}
	return []Decision{d}
}
