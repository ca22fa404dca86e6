package golden

import (
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// TestPodSecurity: a namespace that enforces the level restricted of Pod Security admits every pod, also those that the
// controller of Argo Events creates. It uses the checks of the admission plugin.
func TestPodSecurity(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	dirs, err := filepath.Glob("*/objects")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases found (%v)", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Dir(dir), func(t *testing.T) {
			workloads := verifytest.Load(t, dir).Workloads
			if len(workloads) == 0 {
				t.Fatal("no workloads found")
			}
			for _, w := range workloads {
				result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &w.Template.ObjectMeta, &w.Template.Spec))
				if !result.Allowed {
					t.Errorf("%s: %s", w.Name, result.ForbiddenDetail())
				}
			}
		})
	}
}
