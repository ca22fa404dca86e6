package workload

import (
	"slices"
	"testing"
)

// TestHooks checks which hooks of Helm and Argo CD are part of the running system, and that the others are named.
func TestHooks(t *testing.T) {
	const deployment = "apiVersion: apps/v1, kind: Deployment"
	for _, c := range []struct {
		kind, annotations string
		judged, named     bool
	}{
		{deployment, "helm.sh/hook: post-install", true, false},
		{deployment, "helm.sh/hook: 'pre-install, pre-upgrade', helm.sh/hook-delete-policy: before-hook-creation", true, false},
		{deployment, "helm.sh/hook: post-install, helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded'", false, true},
		{deployment, "helm.sh/hook: test", false, true},
		{deployment, "helm.sh/hook: pre-delete", false, true},
		{deployment, "helm.sh/hook: crd-install", false, true},
		{deployment, "argocd.argoproj.io/hook: PreSync", true, false},
		{deployment, "argocd.argoproj.io/hook: PostSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded", false, true},
		{deployment, "argocd.argoproj.io/hook: SyncFail", false, true},
		{deployment, "argocd.argoproj.io/hook: Skip", false, true},
		{deployment, "example.org/hook: test", true, false},
		{"apiVersion: batch/v1, kind: Job", "helm.sh/hook: post-upgrade", false, true},
		{"apiVersion: batch/v1, kind: CronJob", "helm.sh/hook: post-upgrade", true, false},
		{"apiVersion: v1, kind: Pod", "helm.sh/hook: test", false, true},
		{"apiVersion: v1, kind: ConfigMap", "helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-succeeded", false, false},
	} {
		spec := pods
		switch c.kind {
		case "apiVersion: batch/v1, kind: CronJob":
			spec = "jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: i}]}}}}"
		case "apiVersion: v1, kind: Pod":
			spec = "containers: [{name: c, image: i}]"
		}
		s, err := read(t, "{"+c.kind+", metadata: {name: a, annotations: {"+c.annotations+"}}, spec: {"+spec+"}}")
		if err != nil {
			t.Errorf("%s, %s: %v", c.kind, c.annotations, err)
			continue
		}
		named := slices.ContainsFunc(s.Assumed, func(a Assumption) bool { return a.Path[0] == "metadata" })
		if judged := len(s.Workloads) == 1; judged != c.judged || named != c.named {
			t.Errorf("%s, %s: judged %v, named %v", c.kind, c.annotations, judged, named)
		}
	}
}

// TestUnknownFields checks that misspelt fields are named.
func TestUnknownFields(t *testing.T) {
	s, err := read(t, `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {Replicas: 3, `+pods+`}, status: {odd: 1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i, readinesProbe: {}}]}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {maxReplicas: 2, behavior: {}, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range s.Assumed {
		got = append(got, a.Object.At(a.Path...)+": "+a.Text)
	}
	want := []string{
		"m.yaml:2: spec.Replicas: apps/v1 has no such field: assumed to have no effect. kubectl apply refuses it",
		"m.yaml:4: spec.containers[0].readinesProbe: v1 has no such field: assumed to have no effect. kubectl apply refuses it",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestRepeatedKeys checks that keys with two values are named, and that the last one counts.
func TestRepeatedKeys(t *testing.T) {
	s, err := read(t, `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 3, replicas: 1, `+pods+`}}`)
	if err != nil || len(s.Assumed) != 1 || s.Workloads[0].Replicas != 1 {
		t.Fatal(s, err)
	}
	if got, want := s.Assumed[0].Text, `key "replicas" at line 2 is repeated at line 2: assumed that the last value counts, as for kubectl and Helm. Kustomize refuses it`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
