package survival

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// quota returns a ResourceQuota with limits like `pods: "3"`.
func quota(hard, rest string) string {
	return strings.NewReplacer("HARD", hard, "REST", rest).Replace(`
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {HARD}, REST}}
`)
}

// TestQuotas: the API server refuses pods that exceed a quota or a LimitRange.
func TestQuotas(t *testing.T) {
	deployment := simtest.Workload("Deployment", "a", "", "")
	request := simtest.Container("resources: {requests: {cpu: 1}, limits: {memory: 1Gi}}", deployment)
	scaled := deployment + `
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 3, maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}
`
	disks := simtest.Workload("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}}]", "")
	limits := func(item string) string {
		return "\n---\n{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{" + item + "}]}}\n"
	}
	other := strings.Replace(running("Thing one", "x node-1", "z node-2"), "apiVersion: apps/v1, kind: Thing", "apiVersion: example.org/v1, kind: Thing", 2)
	for name, c := range map[string]struct {
		text    string
		event   Event
		refused string // a part of the reasons, "" if no pod is refused
		blocked bool
		after   int
	}{
		"enough for the rollout":           {deployment + quota(`pods: "4"`, ""), Rollout, "", false, 3},
		"too few pods for the rollout":     {deployment + quota(`pods: "3"`, ""), Rollout, "ResourceQuota q: pods is 3; 3 are used and 1 more are needed", true, 3},
		"count/pods":                       {deployment + quota(`count/pods: "3"`, ""), Rollout, "count/pods is 3", true, 3},
		"without surge":                    {simtest.Workload("Deployment", "a", "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}", "") + quota(`pods: "3"`, ""), Rollout, "", false, 3},
		"CPU":                              {request + quota(`requests.cpu: "3500m"`, ""), Rollout, "requests.cpu is 3500m; 3 are used and 1 more are needed", true, 3},
		"memory limits":                    {request + quota(`limits.memory: 4Gi`, ""), Rollout, "", false, 3},
		"another scope":                    {deployment + quota(`pods: "3"`, "scopes: [NotBestEffort]"), Rollout, "", false, 3},
		"its scope":                        {deployment + quota(`pods: "3"`, "scopes: [BestEffort]"), Rollout, "pods is 3", true, 3},
		"another namespace":                {deployment + strings.Replace(quota(`pods: "3"`, ""), "name: q", "name: q, namespace: b", 1), Rollout, "", false, 3},
		"an object of another kind":        {deployment + quota(`services: "0"`, ""), Rollout, "", false, 3},
		"used by others":                   {deployment + quota(`pods: "5"`, "") + other, Rollout, "; 5 are used", true, 3},
		"too few from the start":           {deployment + quota(`pods: "2"`, ""), SteadyState, "pods is 2; 2 are used", false, 2},
		"requests are missing":             {deployment + quota(`requests.cpu: "9"`, ""), SteadyState, "must specify requests.cpu for: c", false, 0},
		"requests of a LimitRange":         {deployment + quota(`requests.cpu: "9"`, "") + limits("type: Container, defaultRequest: {cpu: 100m}"), SteadyState, "", false, 3},
		"requests of a LimitRange, used":   {deployment + quota(`requests.cpu: "350m"`, "") + limits("type: Container, defaultRequest: {cpu: 100m}"), Rollout, "requests.cpu is 350m", true, 3},
		"less than a LimitRange allows":    {request + limits("type: Container, min: {cpu: 2}"), SteadyState, "LimitRange l: minimum cpu usage per Container is 2", false, 0},
		"more than a LimitRange allows":    {request + limits("type: Pod, max: {memory: 512Mi}"), SteadyState, "LimitRange l: maximum memory usage per Pod is 512Mi", false, 0},
		"more than a default limit":        {request + limits("type: Container, default: {cpu: 500m}"), SteadyState, "LimitRange l: its default limit for cpu is 500m, and container c requests 1", false, 0},
		"as much as a default limit":       {request + limits("type: Container, default: {cpu: 1}"), SteadyState, "", false, 3},
		"to the maximum of an autoscaler":  {scaled + quota(`pods: "4"`, ""), ScaleUp, "pods is 4", false, 4},
		"claims":                           {disks + quota(`persistentvolumeclaims: "2"`, ""), SteadyState, "persistentvolumeclaims is 2", false, 2},
		"storage":                          {disks + quota(`requests.storage: 2Gi`, ""), SteadyState, "requests.storage is 2Gi", false, 2},
		"storage of a class":               {disks + quota(`fast.storageclass.storage.k8s.io/requests.storage: 2Gi`, ""), SteadyState, "requests.storage is 2Gi", false, 2},
		"storage of another class":         {disks + quota(`slow.storageclass.storage.k8s.io/requests.storage: 2Gi`, ""), SteadyState, "", false, 3},
		"claims exist already":             {disks + quota(`persistentvolumeclaims: "3"`, "") + simtest.Claim("d-a-1", "ReadWriteOnce"), SteadyState, "", false, 3},
		"another claim":                    {disks + quota(`persistentvolumeclaims: "3"`, "") + simtest.Claim("x", "ReadWriteOnce"), SteadyState, "persistentvolumeclaims is 3", false, 2},
		"a claim that a LimitRange denies": {disks + limits("type: PersistentVolumeClaim, min: {storage: 2Gi}"), SteadyState, "LimitRange l: minimum storage usage per PersistentVolumeClaim is 2Gi", false, 0},
		"a node fails":                     {deployment + quota(`pods: "3"`, ""), LoseNode, "", false, 3},
		"a node fails, all pods count":     {deployment + quota(`count/pods: "3"`, ""), LoseNode, "count/pods is 3", false, 2},
		"a drain":                          {deployment + quota(`pods: "3"`, ""), DrainNode, "", false, 3},
		"a DaemonSet":                      {simtest.DaemonSet("a", "", "") + quota(`pods: "2"`, ""), SteadyState, "pods is 2", false, 2},
		"a DaemonSet that surges":          {simtest.DaemonSet("a", "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", "") + quota(`pods: "3"`, ""), Rollout, "pods is 3", true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Simulate(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", c.text))
			if err != nil {
				t.Fatal(err)
			}
			s := first(t, r, c.event)
			o := s.Outcomes[0]
			if refused := strings.Join(o.Pending, "; "); !strings.Contains(refused, c.refused) || (refused == "") != (c.refused == "") {
				t.Errorf("refused %q, want %q", refused, c.refused)
			}
			if !strings.Contains(s.Blocked, c.refused) && c.blocked || (s.Blocked != "") != c.blocked {
				t.Errorf("blocked %q, want %v", s.Blocked, c.blocked)
			}
			if o.After != c.after {
				t.Errorf("%d pods are Ready at the end, want %d", o.After, c.after)
			}
		})
	}
}

// first returns the first scenario of an event, with the outcomes of all workloads.
func first(t *testing.T, r Result, event Event) Scenario {
	t.Helper()
	for _, s := range r.Scenarios {
		if s.Event == event {
			return scenario(t, r, event, s.Target)
		}
	}
	t.Fatalf("%s was not simulated", event)
	return Scenario{}
}

// TestWebhooks: while a webhook with failurePolicy Fail does not answer, the pods that it applies to are not created or evicted. The
// first workload is behind its Service.
func TestWebhooks(t *testing.T) {
	guard, app := simtest.Workload("Deployment", "guard", "", ""), simtest.Workload("Deployment", "other", "", "")
	service := "\n---\n{apiVersion: v1, kind: Service, metadata: {name: guard}, spec: {selector: {app: guard}}}\n"
	const creation, eviction = "apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]", "apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods/eviction]"
	webhook := func(rule, rest string) string {
		return strings.NewReplacer("RULE", rule, "REST", rest).Replace(`
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
  - {name: guard.example.org, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: guard, namespace: default}}, rules: [{RULE}], REST}
`)
	}
	one := simtest.Replicas(1, guard)
	onOneNode := simtest.Workload("Deployment", "guard", "", "nodeSelector: {kubernetes.io/hostname: node-1}")
	budget := simtest.Budget("guard", "maxUnavailable: 1")
	const own = "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [default]}]}"
	for name, c := range map[string]struct {
		text         string
		event        Event
		target       string
		guard, other int // pods that are Ready at the end
		blocked      string
	}{
		"one pod, its node fails":        {one + service + webhook(creation, ""), LoseNode, "node-1", 0, -1, ""},
		"one pod is drained":             {one + service + webhook(creation, ""), DrainNode, "node-1", 0, -1, ""},
		"one pod rolls out":              {one + service + webhook(creation, ""), Rollout, "Deployment guard", 1, -1, ""},
		"three pods, a node fails":       {guard + service + webhook(creation, ""), LoseNode, "node-1", 3, -1, ""},
		"three pods, their zone fails":   {onOneNode + app + service + webhook(creation, ""), LoseZone, "zone-1", 0, 2, ""},
		"without its own pods":           {one + service + webhook(creation, own), LoseNode, "node-1", 1, -1, ""},
		"of another namespace":           {one + service + webhook(creation, "namespaceSelector: {matchLabels: {guarded: 'yes'}}"), LoseNode, "node-1", 1, -1, ""},
		"of other labels":                {one + service + webhook(creation, "objectSelector: {matchLabels: {app: other}}"), LoseNode, "node-1", 1, -1, ""},
		"of its labels":                  {one + service + webhook(creation, "objectSelector: {matchLabels: {app: guard}}"), LoseNode, "node-1", 0, -1, ""},
		"of a condition":                 {one + service + webhook(creation, "matchConditions: [{name: a, expression: 'false'}]"), LoseNode, "node-1", 0, -1, ""},
		"that may fail":                  {one + service + webhook(creation, "failurePolicy: Ignore"), LoseNode, "node-1", 1, -1, ""},
		"that must not fail":             {one + service + webhook(creation, "failurePolicy: Fail"), LoseNode, "node-1", 0, -1, ""},
		"of all resources":               {one + service + webhook("apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']", ""), LoseNode, "node-1", 0, -1, ""},
		"of bindings":                    {one + service + webhook("apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods/binding]", ""), LoseNode, "node-1", 0, -1, ""},
		"of updates":                     {one + service + webhook("apiGroups: [''], apiVersions: [v1], operations: [UPDATE], resources: [pods]", ""), LoseNode, "node-1", 1, -1, ""},
		"of the status of pods":          {one + service + webhook("apiGroups: [''], apiVersions: [v1], operations: [UPDATE], resources: [pods/status]", ""), LoseNode, "node-1", 0, -1, ""},
		"of the status of other pods":    {one + service + webhook("apiGroups: [''], apiVersions: [v1], operations: [UPDATE], resources: [pods/status]", "objectSelector: {matchLabels: {app: other}}"), LoseNode, "node-1", 1, -1, ""},
		"of endpoints":                   {one + service + webhook("apiGroups: [discovery.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [endpointslices]", ""), LoseNode, "node-1", 0, -1, ""},
		"of endpoints elsewhere":         {one + service + webhook("apiGroups: [discovery.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [endpointslices]", own), LoseNode, "node-1", 1, -1, ""},
		"of leases":                      {one + service + webhook("apiGroups: [coordination.k8s.io], apiVersions: ['*'], operations: ['*'], resources: [leases]", own), LoseNode, "node-1", 0, -1, ""},
		"of leases in its namespace":     {one + service + webhook("apiGroups: [coordination.k8s.io], apiVersions: ['*'], operations: ['*'], resources: [leases]", "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}"), LoseNode, "node-1", 1, -1, ""},
		"of another resource":            {one + service + webhook("apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]", ""), LoseNode, "node-1", 1, -1, ""},
		"of a Service that is not known": {one + webhook(creation, ""), LoseNode, "node-1", 1, -1, ""},
		"evictions":                      {simtest.Replicas(1, strings.ReplaceAll(guard, "Deployment", "ReplicaSet")) + app + service + webhook(eviction, "") + running("ReplicaSet guard", "g node-1 crash"), DrainNode, "node-2", 0, 3, "the eviction API refuses pod other-1-"},
		"evictions while it answers":     {simtest.Replicas(1, guard) + app + service + webhook(eviction, ""), DrainNode, "node-2", 1, 3, ""},
		"running, and not Ready":         {simtest.Replicas(1, strings.ReplaceAll(guard, "Deployment", "ReplicaSet")) + app + service + webhook(creation, "") + running("ReplicaSet guard", "g node-1 crash"), SteadyState, "", 0, 0, ""},
		"running, and Ready":             {simtest.Replicas(1, strings.ReplaceAll(guard, "Deployment", "ReplicaSet")) + app + service + webhook(creation, "") + running("ReplicaSet guard", "g node-1"), SteadyState, "", 1, 3, ""},
		"others wait until it is back":   {onOneNode + app + service + budget + webhook(creation, own), DrainNode, "node-2", 3, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Simulate(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", c.text))
			if err != nil {
				t.Fatal(err)
			}
			s := scenario(t, r, c.event, c.target)
			if s.Outcomes[0].After != c.guard || c.other >= 0 && s.Outcomes[1].After != c.other {
				t.Errorf("%+v, want %d and %d pods Ready", s.Outcomes, c.guard, c.other)
			}
			if c.guard == 0 && len(s.Outcomes[0].Pending) == 0 {
				t.Errorf("no reason: %+v", s.Outcomes[0])
			}
			if !strings.Contains(s.Blocked, c.blocked) || (s.Blocked == "") != (c.blocked == "") {
				t.Errorf("blocked %q, want %q", s.Blocked, c.blocked)
			}
		})
	}
}

// TestInstalledWebhook: a webhook on a live cluster applies although none of its pods exists.
func TestInstalledWebhook(t *testing.T) {
	for live, want := range map[bool]int{false: 3, true: 0} {
		s := verifytest.Read(t, "m.yaml", simtest.Workload("Deployment", "guard", "", "")+`
---
{apiVersion: v1, kind: Service, metadata: {name: guard}, spec: {selector: {app: guard}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
  - {name: guard.example.org, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: guard, namespace: default}}, rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
`)
		for _, o := range s.Objects {
			o.Accepted = live
		}
		r, err := Simulate(t.Context(), uniform(t, 3, 3), s)
		if err != nil {
			t.Fatal(err)
		}
		if after := r.Scenarios[0].Outcomes[0].After; after != want {
			t.Errorf("live %v: %d pods Ready, want %d", live, after, want)
		}
	}
}
