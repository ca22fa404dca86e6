package workload

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

func read(t *testing.T, text string) (*System, error) {
	t.Helper()
	objects, err := manifest.Parse("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Read(objects)
}

// pods is a selector and a matching template.
const pods = `selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}`

// TestRead checks replicas and rollouts with Kubernetes' defaults and rounding. A rollout is printed as type, maxSurge,
// maxUnavailable, parallel and partition.
func TestRead(t *testing.T) {
	const minimal = `template: {spec: {containers: []}}`
	for _, c := range []struct{ kind, spec, want string }{
		{"apps/v1, kind: Deployment", pods, "Deployment a 1 {RollingUpdate 1 0 false 0}"},
		{"apps/v1, kind: Deployment", "replicas: 5, " + pods, "Deployment a 5 {RollingUpdate 2 1 false 0}"},
		{"apps/v1, kind: Deployment", "replicas: 0, " + pods, "Deployment a 0 {RollingUpdate 0 1 false 0}"},
		{"apps/v1, kind: Deployment", "replicas: 3, strategy: {type: Recreate}, " + pods, "Deployment a 3 {Recreate 0 0 false 0}"},
		{"apps/v1, kind: Deployment", "replicas: 3, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 10%}}, " + pods, "Deployment a 3 {RollingUpdate 0 1 false 0}"},
		{"apps/v1, kind: Deployment", "Replicas: 3, " + pods, "Deployment a 1 {RollingUpdate 1 0 false 0}"},
		{"apps/v1, kind: StatefulSet", pods, "StatefulSet a 1 {RollingUpdate 0 1 false 0}"},
		{"apps/v1, kind: StatefulSet", "replicas: 3, podManagementPolicy: Parallel, updateStrategy: {rollingUpdate: {partition: 2, maxUnavailable: 50%}}, " + pods, "StatefulSet a 3 {RollingUpdate 0 1 true 2}"},
		{"apps/v1, kind: StatefulSet", "replicas: 3, updateStrategy: {type: OnDelete}, " + pods, "StatefulSet a 3 {OnDelete 0 1 false 0}"},
		{"apps/v1, kind: Deployment", "replicas: 3, paused: true, " + pods, "Deployment a 3 {Paused 1 0 false 0}"},
		{"apps/v1, kind: DaemonSet", pods, "DaemonSet a 0 {RollingUpdate 0 1 false 0}"},
		{"apps/v1, kind: DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 10%, maxUnavailable: 0}}, " + pods, "DaemonSet a 0 {RollingUpdate 1 0 false 0}"},
		{"apps/v1, kind: ReplicaSet", "replicas: 2, " + pods, "ReplicaSet a 2 { 0 0 false 0}"},
		{"v1, kind: ReplicationController", "replicas: 2, template: {metadata: {labels: {app: a}}, spec: {containers: []}}", "ReplicationController a 2 { 0 0 false 0}"},
		{"batch/v1, kind: Job", "parallelism: 4, " + minimal, "Job a 4 { 0 0 false 0}"},
		{"batch/v1, kind: CronJob", "jobTemplate: {spec: {" + minimal + "}}", "CronJob a 1 { 0 0 false 0}"},
		{"v1, kind: Pod", "containers: []", "Pod a 1 { 0 0 false 0}"},
	} {
		s, err := read(t, "{apiVersion: "+c.kind+", metadata: {name: a}, spec: {"+c.spec+"}}")
		if err != nil || len(s.Workloads) != 1 {
			t.Errorf("%s {%s}: %v", c.kind, c.spec, err)
			continue
		}
		w := s.Workloads[0]
		if got := fmt.Sprintf("%s %d %v", w, w.Replicas, w.Rollout); got != c.want {
			t.Errorf("%s {%s}:\ngot  %s\nwant %s", c.kind, c.spec, got, c.want)
		}
	}
}

func TestUnsupportedKinds(t *testing.T) {
	s, err := read(t, `
{apiVersion: example.com/v1, kind: Database, metadata: {name: a}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: {helm.sh/hook: test}}, spec: {containers: []}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a, namespace: ns}, spec: {maxUnavailable: 50%, selector: {matchLabels: {app: a}}}}`)
	if err != nil || len(s.Unsupported) != 1 || s.Unsupported[0].Kind != "Database" || len(s.Workloads) != 0 {
		t.Fatalf("%+v %v", s, err)
	}
	if b := s.Budgets[0]; b.MaxUnavailable.StrVal != "50%" || !b.PodSelector.Matches(labels.Set{"app": "a"}) || b.PodSelector.Matches(labels.Set{"app": "b"}) {
		t.Errorf("%+v", b)
	}
}

// TestRefusals checks that objects which the API server or a controller rejects are errors with file, line, object and key.
func TestRefusals(t *testing.T) {
	const template = "\n  selector: {matchLabels: {app: a}}\n  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}"
	for _, c := range []struct{ kind, spec, want string }{
		{"apps/v1 Deployment", "\n  replicas: three", `m.yaml:5: Deployment a: spec.replicas: is "three": want a whole number`},
		{"apps/v1 Deployment", "\n  selector: {matchLabels: {app: a}}\n  template: {}", "m.yaml:5: Deployment a: spec.selector: does not match"},
		{"apps/v1 Deployment", template + "\n  strategy:\n    rollingUpdate:\n      maxSurge: many", "m.yaml:9: Deployment a: spec.strategy.rollingUpdate.maxSurge: "},
		{"apps/v1 StatefulSet", template + "\n  updateStrategy:\n    rollingUpdate: {maxUnavailable: -1}", "m.yaml:8: StatefulSet a: spec.updateStrategy.rollingUpdate.maxUnavailable: is -1: want a number"},
		{"apps/v1 DaemonSet", template + "\n  updateStrategy:\n    rollingUpdate: {maxSurge: many}", "m.yaml:8: DaemonSet a: spec.updateStrategy.rollingUpdate.maxSurge: "},
		{"apps/v1 Deployment", "\n  replicas: -3", "m.yaml:5: Deployment a: spec.replicas: is -3: want 0 to 150000 pods"},
		{"batch/v1 Job", "\n  parallelism: 2000000000", "m.yaml:5: Job a: spec.parallelism: is 2000000000: want 0 to 150000 pods"},
		{"policy/v1 PodDisruptionBudget", "\n  minAvailable: -1", "m.yaml:5: PodDisruptionBudget a: spec.minAvailable: is -1: want a number of pods or a percentage"},
		{"policy/v1 PodDisruptionBudget", "\n  selector: {matchExpressions: [{key: a, operator: Near}]}", `m.yaml:5: PodDisruptionBudget a: spec.selector: "Near" is not a valid label selector operator`},
		{"v1 Service", " {publishNotReadyAddresses: often}", `m.yaml:4: Service a: spec.publishNotReadyAddresses: is "often": want true or false`},
		{"argoproj.io/v1alpha1 EventBus", "\n  jetstream:\n    replicas: 2", "m.yaml:6: EventBus a: spec.jetstream.replicas: is 2, which the controller rejects: want 1, or 3 or more"},
		{"argoproj.io/v1alpha1 EventBus", "\n  jetstream:\n    tolerations: all", `m.yaml:6: EventBus a: spec.jetstream.tolerations: is "all": want a list`},
		{"argoproj.io/v1alpha1 EventSource", "\n  webhook: {a: {}}\n  kafka: {a: {}}", "m.yaml:6: EventSource a: spec.kafka: has kafka (one active pod) and webhook (all pods active)"},
		{"argoproj.io/v1alpha1 EventSource", "\n  replicas: two", `m.yaml:5: EventSource a: spec.replicas: is "two": want a whole number`},
		{"v1 ConfigMap", " {}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}", "m.yaml:6: ConfigMap a: is a duplicate of the object at m.yaml:1"},
	} {
		version, kind, _ := strings.Cut(c.kind, " ")
		_, err := read(t, "apiVersion: "+version+"\nkind: "+kind+"\nmetadata: {name: a}\nspec:"+c.spec)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s%s\ngot  %v\nwant %s", c.kind, c.spec, err, c.want)
		}
	}
}

func TestPod(t *testing.T) {
	s, err := read(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: ns}
spec:
  replicas: 2
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 10}]
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: a}}, matchLabelKeys: [pod-template-hash, gone]}
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: a}}, mismatchLabelKeys: [pod-template-hash]}
      containers: [{name: c, image: i, resources: {limits: {cpu: 2}}}]
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: b}, spec: {`+strings.ReplaceAll(pods, "app: a", "app: b")+`}}
`)
	if err != nil {
		t.Fatal(err)
	}
	w := s.Workloads[1]
	p := w.Pod(1, 2)
	if p.Name == w.Pod(1, 1).Name || p.Name == w.Pod(0, 2).Name || p.Namespace != "ns" || p.Labels["app"] != "a" {
		t.Errorf("pod %s/%s %v", p.Namespace, p.Name, p.Labels)
	}
	if got := p.Spec.Containers[0].Resources.Requests.Cpu().Value(); got != 2 {
		t.Errorf("requests %d CPU, want the limit of 2", got)
	}
	var seconds []int64
	for _, t := range p.Spec.Tolerations {
		seconds = append(seconds, *t.TolerationSeconds)
	}
	if !slices.Equal(seconds, []int64{10, 300}) {
		t.Errorf("toleration seconds %v", seconds)
	}
	for _, c := range []struct {
		selector  *metav1.LabelSelector
		own, next bool
	}{
		{p.Spec.TopologySpreadConstraints[0].LabelSelector, true, false},
		{p.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector, false, true},
	} {
		selector, err := metav1.LabelSelectorAsSelector(c.selector)
		if err != nil {
			t.Fatal(err)
		}
		if own, next := selector.Matches(labels.Set(p.Labels)), selector.Matches(labels.Set(w.Pod(1, 3).Labels)); own != c.own || next != c.next {
			t.Errorf("%v: matches its own revision: %v, the next: %v", c.selector, own, next)
		}
	}
	if len(w.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchExpressions) > 0 || w.Template.Labels["pod-template-hash"] != "" {
		t.Error("the template was changed")
	}
	if a, b := s.Workloads[0].Pod(0, 1), s.Workloads[0].Pod(0, 2); a.Name != "b-0" || b.Name != "b-0" || a.Labels["apps.kubernetes.io/pod-index"] != "0" {
		t.Errorf("pods of a StatefulSet: %s %s", a.Name, b.Name)
	}
	if got := w.At("spec", "containers", "0", "image"); got != "m.yaml:18" {
		t.Errorf("position of the image: %s", got)
	}
}

func TestNeeds(t *testing.T) {
	all := []Replication{{Model: Copies, Count: 0}, {Model: Copies, Count: 1}, {Model: Copies, Count: 20}}
	for _, m := range plain {
		all = append(all, Replication{Model: m})
	}
	for _, r := range all {
		for n := range 12 {
			need := r.Needs(n)
			if need > n && n > 0 || need < 0 || (r.Model == Quorum || r.Model == Elected) && 2*need <= n || r.Needs(n+1) < need {
				t.Errorf("%s of %d needs %d", r, n, need)
			}
		}
	}
	for text, want := range map[string]int{"quorum": 4, "copies:1": 5, "copies:9": 1, "needs:3": 3, "shards": 6, "single": 6, "standby": 1} {
		r, err := ParseReplication(text)
		if err != nil || r.Needs(6) != want || r.String() != text {
			t.Errorf("%s: %s of 6 needs %d, want %d (%v)", text, r, r.Needs(6), want, err)
		}
	}
}

func FuzzParseReplication(f *testing.F) {
	for _, text := range append(Syntax(), "copies:1", "needs:3", "copies", "needs:", "copies:01", "needs:-1", "needs:99999999999999999999") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := ParseReplication(text); err == nil && r.String() != text {
			t.Errorf("%q is parsed as %s", text, r)
		}
	})
}

func TestSetReplication(t *testing.T) {
	const sets = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: NAME, annotations: {EXTRA}}, spec: {replicas: N, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: IMAGE}]}}}}`
	of := func(name, n, image, extra string) string {
		return strings.NewReplacer("NAME", name, " N,", " "+n+",", "IMAGE", image, "EXTRA", extra).Replace(sets)
	}
	s, err := read(t, strings.Join([]string{
		of("a", "3", "registry.example:5000/team/etcd:v3@sha256:00", ""), of("b", "1", "nats", ""), of("c", "3", "app:1", ""),
		of("d", "3", "app", Annotation+": standby"), of("e", "3", "nats", Annotation+": single"),
	}, "\n---\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetReplication(map[string]string{"StatefulSet/e": "quorum"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range s.Workloads {
		if w.Replication.Why == "" {
			t.Errorf("%s: no reason", w)
		}
		got = append(got, fmt.Sprint(w.Replication.Model, w.Replication.Assumed))
	}
	if want := []string{"quorumtrue", "singletrue", "statelesstrue", "standbyfalse", "quorumfalse"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, want := range map[string]string{"StatefulSet/x": "no workload has this name", "StatefulSet/a": `replication of StatefulSet/a: is "many": want one of quorum, standby`} {
		if err := s.SetReplication(map[string]string{name: "many"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	s.Workloads[3].Object.Annotations[Annotation] = "many"
	if err := s.SetReplication(nil); err == nil || err.Error() != `m.yaml:7: StatefulSet d: metadata.annotations[holdfast-ha.github.io/replication]: is "many": want one of quorum, standby, elected, stateless, shards, single, per-node, finite, copies:N, needs:N` {
		t.Errorf("got %v", err)
	}
}
