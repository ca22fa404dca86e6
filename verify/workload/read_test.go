package workload

import (
	"encoding/json"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// goldens are what this repository renders, by the name of the case.
func goldens(t testing.TB) map[string][]*manifest.Object {
	t.Helper()
	folders, err := filepath.Glob("../../golden/*/objects")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no golden case was found: %v", err)
	}
	cases := map[string][]*manifest.Object{}
	for _, folder := range folders {
		objects, err := manifest.Load([]string{folder}, nil)
		if err != nil {
			t.Fatal(err)
		}
		cases[filepath.Base(filepath.Dir(folder))] = objects
	}
	return cases
}

// TestOrderDoesNotMatter: whatever order objects come in, the same is read.
func TestOrderDoesNotMatter(t *testing.T) {
	for name, objects := range goldens(t) {
		want := said(t, objects)
		for seed := range int64(3) {
			rand.New(rand.NewSource(seed)).Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
			if got := said(t, objects); got != want {
				t.Errorf("%s, seed %d: another order reads as\n%s\nnot\n%s", name, seed, got, want)
			}
		}
	}
}

// said is all that is read of objects, as text.
func said(t *testing.T, objects []*manifest.Object) string {
	t.Helper()
	s, err := Read(objects)
	if err == nil {
		err = s.SetReplication(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzRead: manifests are somebody else's, so that nothing in them may be more than an error; and what is read makes pods.
func FuzzRead(f *testing.F) {
	for _, file := range []string{"golden/native/objects", "golden/web-multi-zone/objects", "verify/rules/testdata"} {
		err := filepath.WalkDir(filepath.Join("../..", file), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
				return err
			}
			text, err := os.ReadFile(path)
			f.Add(text)
			return err
		})
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, err := manifest.Parse("fuzz.yaml", text)
		if err != nil {
			return
		}
		s, err := Read(objects)
		if err != nil {
			return
		}
		if err := s.SetReplication(nil); err != nil {
			return
		}
		for _, w := range s.Workloads {
			if w.Replication.Model == "" || w.Pod(0, 1).Name == "" {
				t.Errorf("%s: model %q, pod %q", w, w.Replication.Model, w.Pod(0, 1).Name)
			}
		}
	})
}
