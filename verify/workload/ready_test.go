package workload

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestNotReady(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                               "",
		`{phase: Running}`:                 "its status has no condition Ready",
		`{phase: Running, conditions: []}`: "its status has no condition Ready",
		`{phase: Running, conditions: [{type: Initialized, status: "True"}]}`: "its status has no condition Ready",
		`{phase: Running, conditions: [{type: Ready, status: "True"}]}`:       "",
		`{phase: Pending}`: "its containers are not Ready",
		`{phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable}]}`:                                                                                                                                  "Unschedulable",
		`{phase: Running, conditions: [{type: Ready, status: "False", reason: ContainersNotReady}], containerStatuses: [{name: a, ready: true, state: {running: {}}}, {name: b, state: {waiting: {reason: CrashLoopBackOff}}}]}`:        "CrashLoopBackOff in container b",
		`{phase: Pending, conditions: [{type: Ready, status: "False"}], containerStatuses: [{name: a, state: {waiting: {reason: ImagePullBackOff}}}]}`:                                                                                  "ImagePullBackOff in container a",
		`{phase: Running, conditions: [{type: Ready, status: "False"}], containerStatuses: [{name: a, state: {terminated: {exitCode: 137, reason: OOMKilled}}}]}`:                                                                       "OOMKilled in container a",
		`{phase: Pending, conditions: [{type: Ready, status: "False"}], initContainerStatuses: [{name: i, state: {waiting: {reason: CrashLoopBackOff}}}], containerStatuses: [{name: a, state: {waiting: {reason: PodInitializing}}}]}`: "CrashLoopBackOff in container i",
		`{phase: Running, conditions: [{type: Ready, status: "False", reason: ContainersNotReady}], containerStatuses: [{name: a, state: {running: {}}}]}`:                                                                              "container a runs and is not Ready",
		`{phase: Running, conditions: [{type: Ready, status: "False", reason: ReadinessGatesNotReady}], containerStatuses: [{name: a, ready: true, state: {running: {}}}]}`:                                                             "ReadinessGatesNotReady",
		`{phase: Running, conditions: [{type: Ready, status: "False"}], containerStatuses: [{name: a, ready: true, state: {running: {}}}]}`:                                                                                             NodeNotReady,
		`{phase: Running, conditions: [{type: Ready, status: "Unknown"}]}`:                                                                                                                                                              "its containers are not Ready",
	} {
		var status corev1.PodStatus
		if err := yaml.UnmarshalStrict([]byte(text), &status); err != nil {
			t.Fatal(err)
		}
		if got := notReady(&status); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
