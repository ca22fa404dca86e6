package workload

import (
	"encoding/json"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/apiserver"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// goldens returns the objects of the golden cases by name.
func goldens(t testing.TB) map[string][]*manifest.Object {
	t.Helper()
	folders, err := filepath.Glob("../../golden/*/objects")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	cases := map[string][]*manifest.Object{}
	for _, folder := range folders {
		objects, _, err := manifest.Load([]string{folder}, nil)
		if err != nil {
			t.Fatal(err)
		}
		cases[filepath.Base(filepath.Dir(folder))] = objects
	}
	return cases
}

// TestOrderDoesNotMatter checks that the system does not depend on the order of the objects.
func TestOrderDoesNotMatter(t *testing.T) {
	for name, objects := range goldens(t) {
		want := asText(t, objects)
		for seed := range int64(3) {
			rand.New(rand.NewSource(seed)).Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
			if got := asText(t, objects); got != want {
				t.Errorf("%s, seed %d: got\n%s\nwant\n%s", name, seed, got, want)
			}
		}
	}
}

// asText returns the system of objects as text.
func asText(t *testing.T, objects []*manifest.Object) string {
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

// FuzzRead checks that no manifest causes a panic, and that every workload has a replication model and pods.
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
		if err != nil || apiserver.Check(objects, 0) != nil {
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
