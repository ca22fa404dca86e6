package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// TestKustomizeBuild: from the output of holdfast kustomize, kustomize build creates the objects of holdfast render for each profile.
func TestKustomizeBuild(t *testing.T) {
	t.Parallel()
	kustomize := program(t, "kustomize")
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	eachRelease(t, every, func(t *testing.T, r release) {
		t.Parallel()
		var names []string
		var want []map[string]cases.Object
		for _, name := range []string{"single-node", "multi-node", "multi-zone"} {
			c := r.Case
			c.Profile = name
			rendered, err := bin.Render(c, "--no-hooks")
			switch {
			case err != nil && name == r.Profile:
				t.Fatal(err)
			case err != nil:
				t.Logf("profile %s refuses the values", name)
			default:
				names, want = append(names, name), append(want, byKey(t, withoutHelm(rendered)))
			}
		}
		// A migration to single-node is refused by the other profiles.
		if len(names) < 2 && !r.migrates() {
			t.Fatalf("only the profiles %v accept the values: want at least two", names)
		}
		dir := t.TempDir()
		if err := bin.Kustomize(r.Case, dir, names...); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			folder := filepath.Join(dir, "overlays", name)
			if i == 0 {
				folder = filepath.Join(dir, "base")
			}
			out, err := cases.Output(kustomize, "build", folder)
			if err != nil {
				t.Fatal(err)
			}
			got, err := cases.Decode(out)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "kustomize build", want[i], byKey(t, got))
		}
	})
}

// TestKustomizeExample: the overlay in docs/kustomize has its documented effect with kustomize and with kubectl.
func TestKustomizeExample(t *testing.T) {
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "team"), os.DirFS(filepath.Join(repository, "docs", "kustomize", "team"))); err != nil {
		t.Fatal(err)
	}
	values := filepath.Join(repository, "values", "webhook.yaml")
	if _, err := cases.Output(string(bin), "kustomize", "-f", values, "-n", "payments", "-o", filepath.Join(dir, "events")); err != nil {
		t.Fatal(err)
	}
	for _, build := range [][]string{{program(t, "kustomize"), "build"}, {program(t, "kubectl"), "kustomize"}} {
		t.Run(filepath.Base(build[0]), func(t *testing.T) {
			var texts [2]string
			var built [2][]cases.Object
			for i, folder := range []string{"events/overlays/multi-zone", "team"} {
				out, err := cases.Output(build[0], build[1], filepath.Join(dir, folder))
				if err != nil {
					t.Fatal(err)
				}
				if built[i], err = cases.Decode(out); err != nil {
					t.Fatal(err)
				}
				texts[i] = string(out)
			}
			if len(built[1]) != len(built[0]) {
				t.Errorf("the overlay of the team has %d objects, that of the profile %d", len(built[1]), len(built[0]))
			}
			for _, o := range built[1] {
				metadata := o.Content["metadata"].(map[string]any)
				if labels, _ := metadata["labels"].(map[string]any); metadata["namespace"] != "payments" || labels["example.org/team"] != "payments" {
					t.Errorf("%s lacks the namespace or label of the team: %v", o.Key(), metadata)
				}
			}
			for _, image := range []string{"docker.io/library/nats:", "docker.io/natsio/nats-box:", "quay.io/argoproj/argo-events:"} {
				// The controller's configuration also has images, for mode native.
				if !strings.Contains(texts[0], " image: "+image) || strings.Contains(texts[1], " image: "+image) || strings.Contains(texts[1], " value: "+image) {
					t.Errorf("image %s: want it in the profile, and that of the mirror in the overlay", image)
				}
			}
			if !strings.Contains(texts[1], "memory: 4Gi") {
				t.Error("the bus does not have the memory of the team's overlay")
			}
		})
	}
}

// withoutHelm removes labels and annotations for Helm only.
func withoutHelm(objects []cases.Object) []cases.Object {
	for _, o := range objects {
		metadata, _ := o.Content["metadata"].(map[string]any)
		for _, field := range []string{"labels", "annotations"} {
			entries, ok := metadata[field].(map[string]any)
			for key, value := range entries {
				if strings.HasPrefix(key, "helm.sh/") || key == "app.kubernetes.io/managed-by" && value == "Helm" {
					delete(entries, key)
				}
			}
			if ok && len(entries) == 0 {
				delete(metadata, field)
			}
		}
	}
	return objects
}
