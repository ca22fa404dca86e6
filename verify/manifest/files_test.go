//go:build unix

package manifest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// folder writes files and returns their folder. A text "-> TARGET" is a symbolic link.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, file)
		} else {
			err = os.WriteFile(file, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func pod(name string) string { return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\n" }

// TestFolders checks what is read of a folder, in which order, and what is skipped.
func TestFolders(t *testing.T) {
	for about, c := range map[string]struct {
		files         map[string]string
		read, skipped string
	}{
		"a linked folder and a linked file": {map[string]string{"a/x.yaml": pod("x"), "links/b": "-> ../a", "links/c.yaml": "-> ../a/x.yaml", "d.yaml": pod("y")}, "x y", ""},
		"a circle of links":                 {map[string]string{"a/x.yaml": pod("x"), "a/up": "-> .."}, "x", ""},
		"a mounted ConfigMap":               {map[string]string{"..v1/x.yaml": pod("x"), "..data": "-> ..v1", "x.yaml": "-> ..data/x.yaml"}, "x", ""},
		"a kustomization":                   {map[string]string{"kustomization.yaml": "resources: [a.yaml]", "a.yaml": pod("a"), "b/kustomization.yml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component"}, "a", "b/kustomization.yml kustomization.yaml"},
		"files of a Helm chart":             {map[string]string{"Chart.yaml": "apiVersion: v2\nname: a", "values.yaml": "kind: DaemonSet\nreplicas: 3", "values-prod.yaml": "", "a.yaml": pod("a")}, "a", "Chart.yaml values-prod.yaml values.yaml"},
		"a broken link to no manifest":      {map[string]string{"a.yaml": pod("a"), "b.txt": "-> gone"}, "a", ""},
	} {
		root := folder(t, c.files)
		objects, skipped, err := Load([]string{root, root}, nil)
		if err != nil {
			t.Errorf("%s: %v", about, err)
			continue
		}
		var names, files []string
		for _, o := range objects {
			names = append(names, o.Name)
		}
		for _, s := range skipped {
			file, _ := filepath.Rel(root, s.File)
			files = append(files, file)
		}
		if !slices.Equal(names, strings.Fields(c.read)) || !slices.Equal(files, strings.Fields(c.skipped)) {
			t.Errorf("%s: read %v, skipped %v", about, names, files)
		}
	}
}

// TestRefusedFiles checks that no path blocks, and that each error says what to do.
func TestRefusedFiles(t *testing.T) {
	root := folder(t, map[string]string{
		"chart/Chart.yaml": "name: a", "chart/templates/a.yaml": "a: {{ .Values.a }}",
		"broken/a.yaml": "-> gone.yaml", "brokendir/current": "-> gone", "other/a.yaml": "replicas: 3", "objects/values.yaml": "a: 1\n---\n" + pod("a"), "template.yaml": "a: {{ .Values.a }}\nb: }",
	})
	pipe := filepath.Join(root, "pipes/a.yaml")
	if err := os.Mkdir(filepath.Dir(pipe), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"chart":           "is a Helm chart, whose templates are not manifests: run helm template ROOT/chart | holdfast verify -f -",
		"chart/templates": "is a Helm chart, whose templates are not manifests: run helm template ROOT/chart | holdfast verify -f -",
		"broken":          "broken/a.yaml: links to gone.yaml, which does not exist",
		"brokendir":       "brokendir/current: links to gone, which does not exist",
		"other":           "other/a.yaml:1: not a Kubernetes object: it has no apiVersion",
		"objects":         "objects/values.yaml:1: not a Kubernetes object",
		"template.yaml":   "for a Helm template, run helm template DIR | holdfast verify -f -",
		"pipes":           "pipes/a.yaml: is a named pipe: pass a file, or - for standard input",
		"pipes/a.yaml":    "pipes/a.yaml: is a named pipe",
		"/dev/zero":       "/dev/zero: is a device",
		"gone":            "no such file",
	} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		_, _, err := Load([]string{path}, nil)
		if err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(want, "ROOT", root)) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func TestSeparators(t *testing.T) {
	_, err := Parse("m.yaml", []byte(pod("a")+pod("b")))
	if want := "m.yaml:4: the object has apiVersion already at line 1: separate two objects with a line ---"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
