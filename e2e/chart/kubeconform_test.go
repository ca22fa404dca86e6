package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/schemas"
)

// result is kubeconform's result for a file.
type result struct{ Filename, Status, Msg string }

// TestKubeconform: every object is valid against the strict schema of its kind, and every kind has a schema.
func TestKubeconform(t *testing.T) {
	dir := t.TempDir()
	objects := writeObjects(t, dir)
	verdicts := map[string]result{}
	for _, r := range kubeconform(t, dir) {
		verdicts[r.Filename] = r
	}
	eachRelease(t, every, func(t *testing.T, r release) {
		for _, file := range objects[r.Name] {
			if verdict := verdicts[file]; verdict.Status != "statusValid" {
				t.Errorf("%s: %q %s", filepath.Base(file), verdict.Status, verdict.Msg)
			}
		}
	})
	t.Logf("%d objects of %d cases", len(verdicts), len(objects))
}

// writeObjects writes each object of each case into a file, and returns the files by case.
func writeObjects(t *testing.T, dir string) map[string][]string {
	t.Helper()
	all, err := releases()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]string{}
	for _, r := range all {
		folder := filepath.Join(dir, r.Name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for i, o := range r.objects {
			file := filepath.Join(folder, fmt.Sprintf("%03d-%s-%s.yaml", i, o.Kind(), o.Name()))
			if err := os.WriteFile(file, []byte(o.Text), 0o644); err != nil {
				t.Fatal(err)
			}
			files[r.Name] = append(files[r.Name], file)
		}
	}
	return files
}

// kubeconform runs kubeconform on all files below a folder.
func kubeconform(t *testing.T, dir string) []result {
	t.Helper()
	cmd := exec.Command(program(t, "kubeconform"), "-strict", "-verbose", "-output", "json",
		"-schema-location", schemas.Location(writeSchemas(t)), dir)
	cmd.Stderr = os.Stderr
	// The exit code is redundant.
	out, _ := cmd.Output()
	var all struct{ Resources []result }
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("decoding the output of kubeconform %q: %v", out, err)
	}
	return all.Resources
}

func writeSchemas(t *testing.T) string {
	t.Helper()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	kubernetes, err := cases.KubernetesVersion()
	if err != nil {
		t.Fatal(err)
	}
	set, err := schemas.Load(kubernetes, filepath.Join(repository, "stacks", "argo-events", "api.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := set.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
