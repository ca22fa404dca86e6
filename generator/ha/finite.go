package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// finite limits the attempts of a Job.
func finite(in input) []Decision {
	if in.model() != stack.Finite || in.component.Managed {
		return nil
	}
	d := Decision{
		Key:    "backoffLimit",
		Value:  20,
		Rule:   "A failed pod is replaced up to 20 times, later each time, for about two and a half hours.",
		Reason: "At an installation the Job may start long before the components that it needs. A pod that a drain or the loss of its node ends is replaced too, and does not count.",
		Source: "kube-controller-manager job_controller.go (10 s, doubled up to 10 minutes); batch/v1 podFailurePolicy",
	}
	if in.component.Schedule != "" {
		d.Value = 6
		d.Rule = "A failed pod is replaced up to 6 times, later each time, for about ten minutes."
		d.Reason = "The next run is another attempt. A pod that a drain or the loss of its node ends is replaced too, and does not count."
	}
	return []Decision{d}
}

// schedule decides what a CronJob does about runs that overlap or were missed.
func schedule(in input) []Decision {
	if in.component.Schedule == "" || in.component.Managed {
		return nil
	}
	return []Decision{{
		Key:    "concurrencyPolicy",
		Value:  "Forbid",
		Rule:   "A run that lasts longer than its interval delays the next one.",
		Reason: "Two runs at once would do the same work twice.",
		Source: "batch/v1 CronJobSpec; kube-controller-manager cronjob_controllerv2.go",
	}, {
		Key:    "startingDeadlineSeconds",
		Value:  3600,
		Rule:   "A run that was missed starts up to one hour late, or not at all.",
		Reason: "The control plane may be down at the time of a run, or the run before may still go on. Without a limit, the work of a night would start at any time of the day.",
		Source: "batch/v1 CronJobSpec; kube-controller-manager cronjob_controllerv2.go",
	}, {
		Key:    "timeZone",
		Value:  "Etc/UTC",
		Rule:   "The schedule is in UTC.",
		Reason: "Without a time zone it is in that of kube-controller-manager, which differs between clusters. In a zone with daylight saving time, some times exist twice a year, or not at all.",
		Source: "batch/v1 CronJobSpec (timeZone: Kubernetes 1.27)",
	}, {
		Key:    "successfulJobsHistoryLimit",
		Value:  3,
		Rule:   "The last 3 successful runs stay, with their logs.",
		Reason: "It is the default of Kubernetes: enough to compare a run with those before.",
		Source: "batch/v1 CronJobSpec",
	}, {
		Key:    "failedJobsHistoryLimit",
		Value:  3,
		Rule:   "The last 3 failed runs stay, with their logs.",
		Reason: "With the default of 1, the logs of the first failure are gone after the second.",
		Source: "batch/v1 CronJobSpec",
	}}
}
