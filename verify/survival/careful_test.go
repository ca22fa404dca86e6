package survival

import (
	"fmt"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// holds reports whether every workload serves in the steady state and in every scenario, and each drain and rollout ends.
func holds(r Result) bool {
	return !slices.ContainsFunc(r.Scenarios, func(s Scenario) bool {
		return s.Blocked != "" || slices.ContainsFunc(allOutcomes(r, s), func(o Outcome) bool {
			return !o.Serves() || !o.Recovers() || s.Event == SteadyState && len(o.Pending) > 0
		})
	})
}

// TestObstaclesNeverHelp: a quota, a webhook, or a running pod that is not Ready never makes a system hold that does not hold
// without it.
func TestObstaclesNeverHelp(t *testing.T) {
	quota := "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: %d}}}"
	webhook := "{apiVersion: v1, kind: Service, metadata: {name: h}, spec: {selector: {app: w0}}}\n---\n" +
		"{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: h}, webhooks: [{name: h.example.org, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: h, namespace: x}}, rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods, pods/eviction]}]}]}"
	for seed := range uint64(40) {
		c, s := simtest.Random(t, seed)
		run := func(of *workload.System) Result {
			t.Helper()
			r, err := Simulate(t.Context(), c, of)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			return r
		}
		plain := run(s)
		with := func(text string) *workload.System {
			return verifytest.System(t, append(slices.Clone(s.Objects), verifytest.Parse(t, "more.yaml", text)...))
		}
		for name, obstructed := range map[string]*workload.System{"a quota": with(fmt.Sprintf(quota, len(plain.SteadyState))), "a webhook": with(webhook)} {
			if !holds(plain) && holds(run(obstructed)) {
				t.Errorf("seed %d holds only with %s", seed, name)
			}
		}
		for _, w := range s.Workloads {
			for _, p := range plain.SteadyState {
				if p.Workload == w && p.Node != "" {
					var ordinal int
					_, _ = fmt.Sscanf(p.Pod, w.Name+"-%d", &ordinal)
					w.Running = append(w.Running, workload.Running{Name: p.Pod, Node: p.Node, Ordinal: ordinal, Ready: true, Started: true})
				}
			}
		}
		running := run(s)
		for _, w := range s.Workloads {
			if len(w.Running) == 0 {
				continue
			}
			last := &w.Running[len(w.Running)-1]
			last.Ready, last.Reason = false, "CrashLoopBackOff"
			broken := run(s)
			if holds(broken) {
				t.Errorf("seed %d holds with a pod of %s that is not Ready; with all Ready: %v", seed, w, holds(running))
			}
			if before, now := running.Scenarios[0].Outcomes, broken.Scenarios[0].Outcomes; slices.ContainsFunc(now, func(o Outcome) bool {
				i := slices.IndexFunc(before, func(b Outcome) bool { return b.Workload == o.Workload })
				return o.Workload == w && o.After >= before[i].After
			}) {
				t.Errorf("seed %d: %s has as many Ready pods as before", seed, w)
			}
			last.Ready, last.Reason = true, ""
		}
	}
}
