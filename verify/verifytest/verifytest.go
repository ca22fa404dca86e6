// Package verifytest reads manifests in tests. Every function fails the test on an error and sets the replication of each
// workload as verify does without flags.
package verifytest

import (
	"testing"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Read returns the system of manifests given as text. Positions name file, so "m.yaml" yields "m.yaml:LINE".
func Read(t testing.TB, file, text string) *workload.System {
	t.Helper()
	return System(t, Parse(t, file, text))
}

// Load returns the system of manifest files and folders.
func Load(t testing.TB, paths ...string) *workload.System {
	t.Helper()
	return System(t, Objects(t, paths...))
}

// System returns the system of objects that are read already, for tests that reorder or combine them.
func System(t testing.TB, objects []*manifest.Object) *workload.System {
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

// Parse returns the objects of manifests given as text.
func Parse(t testing.TB, file, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// Objects returns the objects of manifest files and folders.
func Objects(t testing.TB, paths ...string) []*manifest.Object {
	t.Helper()
	objects, _, err := manifest.Load(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
