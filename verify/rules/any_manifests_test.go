package rules

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/apiserver"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestOrderOfObjects: findings do not depend on the order in which objects are read.
func TestOrderOfObjects(t *testing.T) {
	paths, err := filepath.Glob("testdata/*/broken.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		objects := verifytest.Objects(t, path)
		want := findings(t, objects)
		for range 5 {
			rand.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
			if got := findings(t, objects); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	}
}

// FuzzCheck: no manifest makes a rule panic.
func FuzzCheck(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatal(paths, err)
	}
	for _, path := range paths {
		f.Add(text(f, path))
	}
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := manifest.Parse("fuzz.yaml", []byte(text))
		if err != nil || apiserver.Check(objects, 0) != nil {
			return
		}
		s, err := workload.Read(objects)
		if err != nil || s.SetReplication(nil) != nil {
			return
		}
		Check(s, described(t))
	})
}
