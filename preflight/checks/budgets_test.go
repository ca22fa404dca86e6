package checks

import "testing"

func TestBudgets(t *testing.T) {
	const pod = `
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: x, labels: {app: a, tier: front}}, status: {phase: Running}}
---
`
	budget := func(name, selector, status string) string {
		return `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: ` + name + `, namespace: x, generation: 1}, spec: {selector: ` + selector + `}, status: ` + status + `}
---
`
	}
	const allows = "{observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2}"
	test(t, budgets, []example{
		{"fine", pod + budget("a", "{matchLabels: {app: a}}", allows), nil},
		{"selects nothing", pod + budget("a", "{matchLabels: {app: b}}", "{observedGeneration: 1}"), []string{"warn PodDisruptionBudget x/a: selects no pod"}},
		{"completed pods do not count", `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: x, labels: {app: a}}, status: {phase: Succeeded}}
---
` + budget("a", "{matchLabels: {app: a}}", "{observedGeneration: 1}"), []string{"warn PodDisruptionBudget x/a: selects no pod"}},
		{"never", pod + budget("a", "{matchLabels: {app: a}}", "{observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1}"),
			[]string{"fail PodDisruptionBudget x/a: never allows an eviction: it requires 1 of 1 pod"}},
		{"never, and not healthy", pod + budget("a", "{matchLabels: {app: a}}", "{observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2, expectedPods: 2}"),
			[]string{"fail PodDisruptionBudget x/a: never allows an eviction: it requires 2 of 2 pods"}},
		{"not now", pod + budget("a", "{matchLabels: {app: a}}", "{observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 3}"),
			[]string{"warn PodDisruptionBudget x/a: allows no eviction now: 2 of 3 pods are healthy, 2 are required"}},
		{"old status", pod + budget("a", "{matchLabels: {app: a}}", "{}"), []string{"fail PodDisruptionBudget x/a: its status is older than its spec"}},
		{"cannot count", pod + budget("a", "{matchLabels: {app: a}}", `{observedGeneration: 1, conditions: [{type: DisruptionAllowed, status: "False", reason: SyncFailed, message: no controller}]}`),
			[]string{"fail PodDisruptionBudget x/a: allows no eviction: the controller cannot count its pods: no controller"}},
		{"overlap", pod + budget("a", "{matchLabels: {app: a}}", allows) + budget("b", "{matchLabels: {tier: front}}", allows),
			[]string{"fail PodDisruptionBudget x/a: selects the same pods as b, such as Pod p"}},
		{"an empty selector selects all pods", pod + budget("a", "{}", allows), nil},
	})
}
