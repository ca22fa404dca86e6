package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// lint checks n Deployments, each with a Service and a budget, with the rules of holdfast and with kube-score.
func (b bench) lint(n int) (both, error) {
	file := filepath.Join(b.dir, fmt.Sprintf("manifests-%d.yaml", n))
	if err := os.WriteFile(file, []byte(manifests(n)), 0o600); err != nil {
		return both{}, err
	}
	return alternate(func() (usage, error) {
		return measureLinter(b.holdfast, "verify", "--rules-only", "-f", file)
	}, func() (usage, error) {
		return measureLinter(b.kubeScore, "score", file)
	})
}

// measureLinter is measure for a program that exits 1 if it has findings. One that prints nothing did not read its input: kube-score
// exits 1 then, too.
func measureLinter(program string, args ...string) (usage, error) {
	u, err := measure(program, args...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 && u.bytes > 0 {
		return u, nil
	}
	return u, err
}

// manifests are in block style: kube-score refuses a document in flow style.
func manifests(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%[1]d
spec:
  replicas: 3
  selector:
    matchLabels: {app: app-%[1]d}
  template:
    metadata:
      labels: {app: app-%[1]d}
    spec:
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: topology.kubernetes.io/zone
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: app-%[1]d}}
      containers:
      - name: app
        image: example.org/app:1
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: 80}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: app-%[1]d
spec:
  selector: {app: app-%[1]d}
  ports: [{port: 80}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: app-%[1]d
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: app-%[1]d}}
`, i)
	}
	return out.String()
}
