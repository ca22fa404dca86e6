package operators_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

var update = flag.Bool("update", false, "write the expected results of the examples")

// TestExamples: for each example of an operator, NAME.txt has the error, or the objects that the operator creates, what is assumed,
// and the report for the failure of any node. A correct example survives it, a broken one does not, or it has findings.
func TestExamples(t *testing.T) {
	folders := map[string]bool{}
	for _, path := range glob(t, "*/testdata/*.yaml") {
		folder, name := filepath.Dir(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path), ".yaml")
		folders[folder] = folders[folder] || strings.HasPrefix(name, "correct")
		t.Run(folder+"/"+name, func(t *testing.T) {
			got, good := result(t, path)
			if correct := strings.HasPrefix(name, "correct"); correct != good || !correct && !strings.HasPrefix(name, "broken") {
				t.Errorf("%s: survives without findings: %v", path, good)
			}
			file := strings.TrimSuffix(path, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("%s (%v):\ngot\n%s\nwant\n%s", file, err, got, want)
			}
		})
	}
	for _, o := range operators.All() {
		name := strings.ToLower(strings.NewReplacer(" ", "", "Argo Rollouts", "rollouts").Replace(o.Name))
		if o.Name != "Argo Events" && !folders[name] { // Argo Events has examples in golden
			t.Errorf("%s has no correct example", o.Name)
		}
		if o.Version == "" || !strings.HasPrefix(o.Source, "https://") || len(o.Kinds) == 0 {
			t.Errorf("incomplete: %+v", o)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	return paths
}

// result reads an example, and reports whether it survives the failure of any node and has no findings.
func result(t *testing.T, path string) (text string, good bool) {
	t.Helper()
	var b strings.Builder
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse(filepath.Base(path), content)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	s, err := workload.Read(objects)
	if err != nil {
		return "error: " + err.Error() + "\n", false
	}
	if err := s.SetReplication(nil); err != nil {
		t.Fatal(err)
	}
	describe(&b, s)
	r, err := verify.Run(context.Background(), verify.Input{Objects: objects, Cluster: c, Requirement: verdict.Requirement{Domains: []cluster.Domain{cluster.Node}}})
	if err != nil {
		t.Fatal(err)
	}
	verdictOf(&b, r)
	return b.String(), r.Outcome == "proven" && len(r.Findings) == 0
}

// describe writes the workloads with their pods, and the related objects.
func describe(b *strings.Builder, s *workload.System) {
	for _, w := range s.Workloads {
		p := w.Pod(0, 1)
		fmt.Fprintf(b, "%s: %s %s, %d pods (%d to %d)\n", w, w.Kind, w.Name, w.Replicas, w.Min, w.Max)
		fmt.Fprintf(b, "  replication: %s, needs %d: %s\n", w.Replication, w.Replication.Needs(w.Replicas), w.Replication.Why)
		fmt.Fprintf(b, "  rollout: %+v\n  template at: %s\n", w.Rollout, w.At("spec"))
		if w.RestartsActive != "" {
			fmt.Fprintf(b, "  restarts the active pod unless: %s\n", w.RestartsActive)
		}
		fmt.Fprintf(b, "  pod: %s %s\n", p.Name, asJSON(w.Template.Labels))
		if w.Selector != nil {
			fmt.Fprintf(b, "  selector: %s\n", asJSON(w.Selector))
		}
		for _, field := range []struct {
			name  string
			value any
			empty bool
		}{
			{"affinity", w.Template.Spec.Affinity, w.Template.Spec.Affinity == nil},
			{"spread", w.Template.Spec.TopologySpreadConstraints, len(w.Template.Spec.TopologySpreadConstraints) == 0},
			{"node selector", w.Template.Spec.NodeSelector, len(w.Template.Spec.NodeSelector) == 0},
			{"tolerations", w.Template.Spec.Tolerations, len(w.Template.Spec.Tolerations) == 0},
			{"grace", w.Template.Spec.TerminationGracePeriodSeconds, w.Template.Spec.TerminationGracePeriodSeconds == nil},
		} {
			if !field.empty {
				fmt.Fprintf(b, "  %s: %s\n", field.name, asJSON(field.value))
			}
		}
		for _, c := range w.Template.Spec.Containers {
			fmt.Fprintf(b, "  container %s: ready %v\n", c.Name, c.ReadinessProbe != nil)
		}
		for _, c := range w.Claims {
			fmt.Fprintf(b, "  claim: %s %v %s\n", c.Name, c.Spec.AccessModes, c.Spec.Resources.Requests.Storage())
		}
		for _, r := range w.Running {
			fmt.Fprintf(b, "  runs: %s on %s\n", r.Name, r.Node)
		}
	}
	for _, budget := range s.Budgets {
		fmt.Fprintf(b, "%s at %s: %s\n", budget.Object, budget.Object.At("spec"), asJSON(budget.PodDisruptionBudgetSpec))
	}
	for _, service := range s.Services {
		fmt.Fprintf(b, "Service %s: %s\n", service.Name, asJSON(map[string]any{"selector": service.Spec.Selector, "headless": service.Spec.ClusterIP == corev1.ClusterIPNone}))
	}
	for _, a := range s.Assumed {
		fmt.Fprintf(b, "assumed: %s: %s: %s\n", a.Object.At(a.Path...), a.Object, a.Text)
	}
	for _, o := range s.Unsupported {
		fmt.Fprintf(b, "unsupported: %s\n", o)
	}
}

// verdictOf writes the outcome of the requirement, the workloads that break it, and the findings.
func verdictOf(b *strings.Builder, r report.Report) {
	fmt.Fprintf(b, "any node fails, is drained, any rollout: %s\n", r.Outcome)
	for _, breach := range r.Breaches {
		fmt.Fprintf(b, "  %s: %s\n", breach.Workload.Name, breach.Rule)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(b, "  %s at %s:%d: %s: %s\n", f.Rule, f.File, f.Line, f.Object, f.Message)
	}
}

func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // Kubernetes' own types
	}
	return string(text)
}

// TestWithoutPods: the list of kinds without pods is sorted, and no kind in it is one of an operator.
func TestWithoutPods(t *testing.T) {
	for _, o := range operators.All() {
		for _, k := range o.Kinds {
			if operators.WithoutPods(k.Group, k.Kind) {
				t.Errorf("%s is in both lists", k.Kind)
			}
		}
	}
	for kind, want := range map[string]bool{"monitoring.coreos.com/ServiceMonitor": true, "cert-manager.io/Certificate": true, "networking.istio.io/Gateway": true,
		"gateway.networking.k8s.io/Gateway": false, "constraints.gatekeeper.sh/K8sRequiredLabels": true, "example.com/Database": false, "example.com/Certificate": false} {
		if group, kind, _ := strings.Cut(kind, "/"); operators.WithoutPods(group, kind) != want {
			t.Errorf("%s in %s: want %v", kind, group, want)
		}
	}
}

// FuzzExpand: no custom resource makes an operator panic.
func FuzzExpand(f *testing.F) {
	paths, err := filepath.Glob("*/testdata/*.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatal(paths, err)
	}
	slices.Sort(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(_ *testing.T, text string) {
		objects, err := manifest.Parse("fuzz.yaml", []byte(text))
		if err != nil {
			return
		}
		s, err := workload.Read(objects)
		if err != nil || s.SetReplication(nil) != nil {
			return
		}
		for _, w := range s.Workloads {
			w.Pod(0, 1)
		}
	})
}
