package survival

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestOrders: where a scenario may end differently, the outcomes are the worst ones, and each order is listed.
func TestOrders(t *testing.T) {
	two := simtest.Replicas(2, simtest.Workload("Deployment", "a", "", "")) + simtest.Replicas(2, simtest.Workload("Deployment", "b", "", ""))
	guard := simtest.Replicas(1, simtest.Workload("Deployment", "guard", "", "")) + `
---
{apiVersion: v1, kind: Service, metadata: {name: guard}, spec: {selector: {app: guard}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
  - {name: guard.example.org, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: guard, namespace: default}}, rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
`
	// Pod a-1 has its disk on its node, and does not become Ready again if it is evicted.
	pinned := simtest.Replicas(2, simtest.Workload("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]", "")) +
		running("StatefulSet a", "a-0 node-1", "a-1 node-1") + simtest.Claim("d-a-0", "ReadWriteOnce", "volumeName: any") + simtest.Volume("any", "''") +
		simtest.Claim("d-a-1", "ReadWriteOnce", "volumeName: here") + simtest.Volume("here", "''", simtest.OnNodes("kubernetes.io/hostname", "node-1"))
	for name, c := range map[string]struct {
		text  string
		event Event
		want  string // the pods Ready at the end, and those in each order
	}{
		"a quota with room":                 {two + quota(`pods: "4"`, ""), DrainNode, "[2 2]"},
		"the steady state of a quota":       {two + quota(`pods: "3"`, ""), SteadyState, "[1 1] first:[2 1] Deployment a:[1 2]"},
		"a steady state with room":          {two + quota(`pods: "4"`, ""), SteadyState, "[2 2]"},
		"the last of a quota":               {two + quota(`pods: "3"`, ""), DrainNode, "[1 1] first:[2 1] Deployment a:[1 2]"},
		"a quota of one workload":           {simtest.Replicas(2, simtest.Workload("Deployment", "a", "", "")) + quota(`pods: "2"`, ""), DrainNode, "[2]"},
		"the last pod of a webhook":         {guard, DrainNode, "[0] first:[0] webhook:[1]"},
		"its node fails":                    {guard, LoseNode, "[0]"},
		"a webhook with pods elsewhere":     {strings.Replace(guard, "replicas: 1", "replicas: 2", 1), DrainNode, "[2]"},
		"a rollout with a surge":            {guard, Rollout, "[1]"},
		"the last pod of a StatefulSet":     {strings.Replace(guard, "kind: Deployment", "kind: StatefulSet", 1), DrainNode, "[0]"},
		"a rollout in place":                {strings.Replace(guard, "replicas: 1", "replicas: 1\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}", 1), Rollout, "[0] blocked first:[0] blocked webhook:[1]"},
		"a rollout that recreates":          {strings.Replace(guard, "replicas: 1", "replicas: 1\n  strategy: {type: Recreate}", 1), Rollout, "[0] blocked"},
		"an eviction that a budget refuses": {pinned + simtest.Budget("a", "maxUnavailable: 1"), DrainNode, "[1] blocked first:[1] pod a-0:[1] blocked"},
		"a budget that allows both":         {pinned + simtest.Budget("a", "maxUnavailable: 2"), DrainNode, "[1]"},
		"pods that come back":               {simtest.Workload("Deployment", "a", "", "") + simtest.Budget("a", "maxUnavailable: 1"), DrainNode, "[3]"},
		"a drain with a quota and spare":    {two + quota(`count/pods: "9"`, ""), DrainNode, "[2 2]"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Simulate(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", c.text))
			if err != nil {
				t.Fatal(err)
			}
			s := first(t, r, c.event)
			after := func(all []Outcome) string {
				var n []int
				for _, o := range all {
					n = append(n, o.After)
				}
				return fmt.Sprint(n)
			}
			blocked := func(why string) string {
				if why == "" {
					return ""
				}
				return " blocked"
			}
			got := after(s.Outcomes) + blocked(s.Blocked)
			for _, o := range s.Orders {
				name := "first"
				switch {
				case strings.Contains(o.If, "answers until"):
					name = "webhook"
				case strings.Contains(o.If, "after the others"):
					name = strings.TrimSuffix(strings.TrimPrefix(o.If, "the drain evicts "), " after the others")
				case strings.Contains(o.If, "leave it"):
					_, name, _ = strings.Cut(o.If, "before ")
					name, _, _ = strings.Cut(name, " and")
				}
				got += " " + name + ":" + after(o.Outcomes) + blocked(o.Blocked)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
