package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/process"
	"sigs.k8s.io/yaml"
)

// Pods with this label are not managed by kwok: tests run them as processes and report their results.
const (
	ProcessLabel = "app.kubernetes.io/component"
	ProcessValue = "uninstall"
)

// lostAnnotation marks pods on a node without power, which kwok must not change.
const lostAnnotation = "holdfast.example/lost"

// UnreadyAnnotation keeps pods from becoming ready, as if their containers failed: "all" pods, or the pod of a StatefulSet with this ordinal.
const UnreadyAnnotation = "holdfast.example/unready"

// isUnready is an expression of kwok: "yes" for a pod that does not become ready.
const isUnready = `.metadata.annotations["` + UnreadyAnnotation + `"] as $which | if $which == "all" or $which != null and $which == .metadata.labels["apps.kubernetes.io/pod-index"] then "yes" else "no" end`

// delays are the durations of kwok's stages for pods, in milliseconds. If pods ended and started at once, the disruption controller would miss the
// deletion of a StatefulSet's pod, take the new pod with the same name for the evicted one, and count it as unavailable for two minutes.
var delays = map[string]int{ready: 1000, "pod-complete": 500, "pod-delete": 3000}

// ready is kwok's stage that makes a pod ready.
const ready = "pod-ready"

// leases makes kwok renew many leases concurrently, because each may take a second on a busy machine.
const leases = `
---
apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options: {nodeLeaseParallelism: 32}
`

func (c *Cluster) startKwok() (*process.Process, error) {
	file, err := binaries.Path("kwok")
	if err != nil {
		return nil, err
	}
	stages, err := c.writeStages()
	if err != nil {
		return nil, fmt.Errorf("writing kwok's stages: %w", err)
	}
	return process.Start("kwok", filepath.Join(c.dir, "log"), exec.Command(file,
		"--config="+stages, "--kubeconfig="+c.Kubeconfig(), "--manage-all-nodes", "--node-lease-duration-seconds=40", "--cidr=10.128.0.0/9"))
}

// writeStages writes kwok's stages for nodes and pods: its defaults with delays, and without some pods.
func (c *Cluster) writeStages() (string, error) {
	root, err := binaries.Root()
	if err != nil {
		return "", err
	}
	module := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok")
	module.Dir = filepath.Join(root, "tools", "kwok")
	out, err := module.Output()
	if err != nil {
		return "", err
	}
	stages := filepath.Join(strings.TrimSpace(string(out)), "kustomize", "stage")
	var all strings.Builder
	// The lease is the only heartbeat. kwok's heartbeat in the node status would continue without the lease.
	node, err := os.ReadFile(filepath.Join(stages, "node", "fast", "node-initialize.yaml"))
	if err != nil {
		return "", err
	}
	all.WriteString("---\n" + string(node) + leases)
	for name, delay := range delays {
		text, err := os.ReadFile(filepath.Join(stages, "pod", "fast", name+".yaml"))
		if err != nil {
			return "", err
		}
		if text, err = adapt(name, text, delay); err != nil {
			return "", err
		}
		all.WriteString("---\n" + string(text))
	}
	file := filepath.Join(c.dir, "stages.yaml")
	return file, os.WriteFile(file, []byte(all.String()), 0o644)
}

// adapt returns a stage for pods with a delay. Some pods are left out, and pods that do not become ready have a stage of their own.
func adapt(name string, text []byte, delay int) ([]byte, error) {
	var stage struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       struct {
			ResourceRef map[string]any `json:"resourceRef"`
			Selector    struct {
				MatchExpressions []any `json:"matchExpressions"`
			} `json:"selector"`
			Delay map[string]any `json:"delay"`
			Next  map[string]any `json:"next"`
		} `json:"spec"`
	}
	if err := yaml.UnmarshalStrict(text, &stage); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", name, err)
	}
	stage.Spec.Delay = map[string]any{"durationMilliseconds": delay}
	stage.Spec.Selector.MatchExpressions = append(stage.Spec.Selector.MatchExpressions, map[string]any{
		"key": fmt.Sprintf(".metadata.labels[%q]", ProcessLabel), "operator": "NotIn", "values": []string{ProcessValue},
	}, map[string]any{"key": fmt.Sprintf(".metadata.annotations[%q]", lostAnnotation), "operator": "DoesNotExist"})
	if name != ready {
		return yaml.Marshal(stage)
	}
	selector := stage.Spec.Selector.MatchExpressions
	becomesReady := func(operator string) {
		stage.Spec.Selector.MatchExpressions = append(slices.Clip(selector), map[string]any{"key": isUnready, "operator": operator, "values": []string{"yes"}})
	}
	becomesReady("NotIn")
	first, err := yaml.Marshal(stage)
	if err != nil {
		return nil, err
	}
	becomesReady("In")
	stage.Metadata = map[string]any{"name": "pod-unready"}
	status, _ := stage.Spec.Next["statusTemplate"].(string)
	for _, condition := range []string{"Ready", "ContainersReady"} {
		status = strings.Replace(status, "status: \"True\"\n  type: "+condition+"\n", "status: \"False\"\n  type: "+condition+"\n", 1)
	}
	stage.Spec.Next["statusTemplate"] = strings.ReplaceAll(status, "ready: true", "ready: false")
	second, err := yaml.Marshal(stage)
	return slices.Concat(first, []byte("---\n"), second), err
}
