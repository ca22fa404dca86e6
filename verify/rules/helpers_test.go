package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// check runs all rules on manifest files, with the cluster.yaml beside the first of them if there is one.
func check(t *testing.T, paths ...string) []Finding {
	t.Helper()
	var c cluster.Cluster
	file := filepath.Join(filepath.Dir(paths[0]), "cluster.yaml")
	if text, err := os.ReadFile(file); err == nil {
		if c, err = cluster.Parse(file, text); err != nil {
			t.Fatal(err)
		}
	}
	return Check(verifytest.Load(t, paths...), c)
}

// findingsOf returns the findings of one rule.
func findingsOf(r *Rule, all []Finding) []Finding {
	return slices.DeleteFunc(all, func(f Finding) bool { return f.Rule != r })
}

func text(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// system returns the system of manifests.
func system(t *testing.T, text string) *workload.System {
	t.Helper()
	return verifytest.Read(t, "test.yaml", text)
}

// described returns a described cluster: one node in each of three zones, one of them tainted.
func described(t *testing.T) cluster.Cluster {
	t.Helper()
	c, err := cluster.Parse("cluster.yaml", []byte("nodes: [{name: a, zone: a}, {name: b, zone: b}, {name: c, zone: c, taints: [{key: control, effect: NoSchedule}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// findings returns the findings as text.
func findings(t *testing.T, objects []*manifest.Object) []string {
	t.Helper()
	var all []string
	for _, f := range Check(verifytest.System(t, objects), described(t)) {
		all = append(all, f.At()+": "+f.Rule.ID+": "+f.Message)
	}
	return all
}
