package chart

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/pmezard/go-difflib/difflib"
	"sigs.k8s.io/yaml"
)

// helms are the supported versions of Helm.
var helms = []string{"helm3", "helm4"}

// TestHelmTemplate: helm template renders the chart in charts/ to the same objects as holdfast render.
func TestHelmTemplate(t *testing.T) {
	for _, helm := range helms {
		t.Run(helm, func(t *testing.T) {
			file := program(t, helm)
			eachRelease(t, every, func(t *testing.T, r release) {
				chart, err := r.Chart()
				if err != nil {
					t.Fatal(err)
				}
				args := append([]string{"template", cases.Release, chart, "--set", "profile=" + r.Profile}, r.Flags()...)
				out, err := cases.Output(file, args...)
				if err != nil {
					t.Fatal(err)
				}
				objects, err := cases.Decode(out)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, "helm template", byKey(t, r.objects), byKey(t, objects))
			})
		})
	}
}

// TestHelmLint: helm lint finds no problem in any chart with the values files in its folder ci.
func TestHelmLint(t *testing.T) {
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	version, err := cases.KubernetesVersion()
	if err != nil {
		t.Fatal(err)
	}
	for _, chart := range glob(t, repository, "charts", "*", "Chart.yaml") {
		chart = filepath.Dir(chart)
		for _, values := range glob(t, chart, "ci", "*-values.yaml") {
			for _, helm := range helms {
				t.Run(filepath.Base(chart)+"/"+filepath.Base(values)+"/"+helm, func(t *testing.T) {
					if _, err := cases.Output(program(t, helm), "lint", "--strict", "--kube-version", version, "--values", values, chart); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

func glob(t *testing.T, pattern ...string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file matches %s (%v)", filepath.Join(pattern...), err)
	}
	return files
}

func byKey(t *testing.T, objects []cases.Object) map[string]cases.Object {
	t.Helper()
	keyed := map[string]cases.Object{}
	for _, o := range objects {
		if _, ok := keyed[o.Key()]; ok {
			t.Errorf("duplicate object %s", o.Key())
		}
		keyed[o.Key()] = o
	}
	return keyed
}

// compare compares the objects of holdfast render with those of another program.
func compare(t *testing.T, program string, holdfast, other map[string]cases.Object) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(holdfast)) {
		if o, ok := other[key]; !ok {
			t.Errorf("%s has no %s", program, key)
		} else if !reflect.DeepEqual(holdfast[key].Content, o.Content) {
			t.Errorf("%s differs:\n%s", key, difference(t, program, holdfast[key], o))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(other)) {
		if _, ok := holdfast[key]; !ok {
			t.Errorf("holdfast render has no %s", key)
		}
	}
}

// difference returns a diff of two objects with sorted keys.
func difference(t *testing.T, program string, holdfast, other cases.Object) string {
	t.Helper()
	lines := func(o cases.Object) []string {
		text, err := yaml.Marshal(o.Content)
		if err != nil {
			t.Fatal(err)
		}
		return difflib.SplitLines(string(text))
	}
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(holdfast), B: lines(other), FromFile: "holdfast render", ToFile: program, Context: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(text, "\n")
}
