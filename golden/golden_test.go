package golden

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/folder"
)

var update = flag.Bool("update", false, "replace the expected files with the rendered ones")

func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("*/case.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases found (%v)", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		t.Run(dir, func(t *testing.T) { check(t, dir) })
	}
}

func check(t *testing.T, dir string) {
	c, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Render(dir)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		write(t, dir, got)
		return
	}
	want, err := folder.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, input := range []string{"case.yaml", "values.yaml"} {
		delete(want, input)
	}
	for name := range maps.Keys(want) {
		if _, rendered := got[name]; !rendered {
			t.Errorf("%s is no longer rendered", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs:\n%s", name, difference(string(want[name]), string(got[name])))
		}
	}
	if t.Failed() {
		t.Log("if this change is intended, run go test ./golden -update and read the diff as a user would")
	}
}

func write(t *testing.T, dir string, files map[string][]byte) {
	objects := filepath.Join(dir, "objects")
	if err := os.RemoveAll(objects); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(objects, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoStrays: the folder of a case has only the files of a case.
func TestNoStrays(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		inner, err := os.ReadDir(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range inner {
			if !slices.Contains([]string{"case.yaml", "values.yaml", "NOTES.txt", "objects"}, i.Name()) {
				t.Errorf("%s/%s is not a file of a case", e.Name(), i.Name())
			}
		}
	}
}
