package agreement

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// TestProvable: verify proves most of the provable systems, but not all.
func TestProvable(t *testing.T) {
	holdfast, err := cases.BuildHoldfast()
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	for i := range Systems {
		s := Generate(1, i)
		if !strings.HasPrefix(s.About[0], "provable") {
			continue
		}
		outcome := verifyOutcome(t, string(holdfast), s)
		outcomes[outcome]++
		t.Logf("%s: %s: %s", s.Name, outcome, strings.Join(s.About, "; "))
	}
	if n := outcomes["proven"]; n < 8 || n == Systems/len(features) {
		t.Errorf("verify proves %d of %d systems, want at least 8 and not all: %v", n, Systems/len(features), outcomes)
	}
}

// verifyOutcome returns the outcome of the requirement of TestAgreement on a system that is not created yet.
func verifyOutcome(t *testing.T, holdfast string, s System) string {
	t.Helper()
	manifests, err := s.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	var nodes bytes.Buffer
	for _, n := range s.Nodes {
		labels := map[string]string{corev1.LabelHostname: n.Name, corev1.LabelTopologyZone: n.Zone, corev1.LabelOSStable: "linux"}
		maps.Copy(labels, n.Labels)
		text, err := yaml.Marshal(corev1.Node{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: labels},
			Spec: corev1.NodeSpec{Taints: n.Taints}, Status: corev1.NodeStatus{Capacity: n.Size, Allocatable: n.Size, Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}})
		if err != nil {
			t.Fatal(err)
		}
		nodes.WriteString("---\n" + string(text))
	}
	dir := t.TempDir()
	objects, cluster := filepath.Join(dir, "objects.yaml"), filepath.Join(dir, "nodes.yaml")
	for file, text := range map[string][]byte{objects: []byte(manifests), cluster: nodes.Bytes()} {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var stderr bytes.Buffer
	cmd := exec.Command(holdfast, "verify", "-o", "json", "-f", objects, "--cluster", cluster, "--survives", s.Requirement())
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var report struct{ Outcome string }
	if decodeErr := json.Unmarshal(out, &report); decodeErr != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return report.Outcome
}
