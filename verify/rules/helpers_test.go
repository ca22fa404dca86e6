package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// check runs all rules on manifests, and on a cluster.yaml that stands beside the first of them.
func check(t *testing.T, paths ...string) []Finding {
	t.Helper()
	var c cluster.Cluster
	file := filepath.Join(filepath.Dir(paths[0]), "cluster.yaml")
	if text, err := os.ReadFile(file); err == nil {
		if c, err = cluster.Parse(file, text); err != nil {
			t.Fatal(err)
		}
	}
	return checkOn(t, c, paths...)
}

func checkOn(t *testing.T, c cluster.Cluster, paths ...string) []Finding {
	t.Helper()
	objects, err := manifest.Load(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Check(told(t, objects), c)
}

// of are the findings of one rule.
func of(r *Rule, all []Finding) []Finding {
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

// system reads manifests.
func system(t *testing.T, text string) *workload.System {
	t.Helper()
	objects, err := manifest.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return told(t, objects)
}

func told(t testing.TB, objects []*manifest.Object) *workload.System {
	t.Helper()
	s, err := workload.Read(objects)
	if err == nil {
		err = s.SetReplication(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// described is a cluster of which something is known: a node in each of three zones, one of them tainted.
func described(t *testing.T) cluster.Cluster {
	t.Helper()
	c, err := cluster.Parse("cluster.yaml", []byte("nodes: [{name: a, zone: a}, {name: b, zone: b}, {name: c, zone: c, taints: [{key: control, effect: NoSchedule}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// findings are what is found, as text.
func findings(t *testing.T, objects []*manifest.Object) []string {
	t.Helper()
	var all []string
	for _, f := range Check(told(t, objects), described(t)) {
		all = append(all, f.At()+": "+f.Rule.ID+": "+f.Message)
	}
	return all
}
