package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Skipped is a file of a folder that has no objects of its own.
type Skipped struct{ File, Reason string }

func (s Skipped) String() string { return "skipped " + s.File + ": " + s.Reason }

// loader reads files and folders. Each file is read once, even if several links lead to it.
type loader struct {
	objects []*Object
	skipped []Skipped
	seen    map[string]bool
}

// Load reads the objects of files, folders and standard input ("-"). In a folder and its subfolders it reads the files *.yaml,
// *.yml and *.json, and follows symbolic links; a file path may have any extension. The order is that of the paths, and of the
// names in a folder. Errors name the file, and the line if there is one.
//
// In a folder, kustomizations and values of Helm are skipped. A Helm chart is an error: its templates are not manifests.
func Load(paths []string, stdin io.Reader) ([]*Object, []Skipped, error) {
	l := loader{seen: map[string]bool{}}
	for _, path := range paths {
		if err := l.path(path, stdin); err != nil {
			return nil, nil, err
		}
	}
	return l.objects, l.skipped, nil
}

func (l *loader) path(path string, stdin io.Reader) error {
	if path == Stdin {
		text, err := io.ReadAll(stdin)
		if err != nil {
			return fmt.Errorf("reading standard input: %w", err)
		}
		return l.parse(Stdin, text)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return l.file(path, info, false)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if filepath.Base(absolute) == "templates" && exists(filepath.Join(absolute, "..", "Chart.yaml")) {
		return isChart(filepath.Join(path, ".."))
	}
	before := len(l.objects) + len(l.skipped)
	if err := l.folder(path); err != nil {
		return err
	}
	if len(l.objects)+len(l.skipped) == before && !l.anyFile(path) {
		return fmt.Errorf("%s: contains no *.yaml, *.yml or *.json file", path)
	}
	return nil
}

// folder reads the manifests in a folder and its subfolders.
func (l *loader) folder(path string) error {
	first, err := l.visit(path)
	if err != nil || !first {
		return err
	}
	if exists(filepath.Join(path, "Chart.yaml")) && exists(filepath.Join(path, "templates")) {
		return isChart(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") { // the versions of a mounted ConfigMap, to which links point
			continue
		}
		file := filepath.Join(path, e.Name())
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && e.Type()&fs.ModeSymlink != 0 && (isManifest(file) || filepath.Ext(file) == ""):
			target, _ := os.Readlink(file)
			return fmt.Errorf("%s: links to %s, which does not exist: remove or correct the link", file, target)
		case err != nil && (isManifest(file) || e.IsDir()):
			return err
		case err == nil && info.IsDir():
			err = l.folder(file)
		case err == nil && isManifest(file):
			err = l.file(file, info, true)
		default:
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// visit reports whether a file or folder is read for the first time.
func (l *loader) visit(path string) (first bool, err error) {
	target, err := filepath.EvalSymlinks(path)
	if err == nil {
		target, err = filepath.Abs(target)
	}
	first = !l.seen[target]
	l.seen[target] = true
	return first, err
}

// file reads a file; inFolder is set if no argument names it.
func (l *loader) file(path string, info fs.FileInfo, inFolder bool) error {
	if !info.Mode().IsRegular() && (inFolder || !isOpen(path)) {
		return fmt.Errorf("%s: is %s: pass a file, or - for standard input", path, describe(info.Mode()))
	}
	if info.Mode().IsRegular() {
		if first, err := l.visit(path); err != nil || !first {
			return err
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file := filepath.ToSlash(path)
	if inFolder {
		if reason := noObjects(filepath.Base(path), text); reason != "" {
			l.skipped = append(l.skipped, Skipped{file, reason})
			return nil
		}
	}
	return l.parse(file, text)
}

func (l *loader) parse(file string, text []byte) error {
	objects, err := Parse(file, text)
	l.objects = append(l.objects, objects...)
	return err
}

// anyFile reports whether a folder has a file with manifests, all of which may be empty or read before.
func (l *loader) anyFile(path string) bool {
	found := false
	_ = filepath.WalkDir(path, func(file string, _ fs.DirEntry, err error) error {
		found = found || err == nil && isManifest(file)
		return nil
	})
	return found
}

func isManifest(file string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isChart(folder string) error {
	return fmt.Errorf("%s: is a Helm chart, whose templates are not manifests: run helm template %s | holdfast verify -f -", folder, folder)
}

// isOpen reports whether a path names an open file of the process, as shells pass it for <(command).
func isOpen(path string) bool {
	path = filepath.Clean(path)
	return path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
}

func describe(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// noObjects returns why a file of a folder has no objects, "" if it may have some: it is a kustomization, or has values or the
// description of a Helm chart.
func noObjects(name string, text []byte) string {
	base := strings.TrimSuffix(name, filepath.Ext(name))
	kustomization := base == "kustomization"
	if !kustomization && base != "Chart" && !strings.HasPrefix(base, "values") {
		return ""
	}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var head struct {
			APIVersion any `yaml:"apiVersion"`
			Kind       any `yaml:"kind"`
		}
		err := decoder.Decode(&head)
		switch {
		case errors.Is(err, io.EOF) && kustomization:
			return "a kustomization is not a Kubernetes object. To verify its result, run kustomize build DIR | holdfast verify -f -"
		case errors.Is(err, io.EOF):
			return "a file of a Helm chart is not a Kubernetes object. To verify the chart, run helm template DIR | holdfast verify -f -"
		case err != nil || head.APIVersion != nil && head.Kind != nil && !isKustomization(fmt.Sprint(head.APIVersion), fmt.Sprint(head.Kind)):
			return ""
		}
	}
}

func isKustomization(apiVersion, kind string) bool {
	return kind == "Kustomization" && (apiVersion == "" || strings.HasPrefix(apiVersion, "kustomize.config.k8s.io/")) || kind == "Component" && strings.HasPrefix(apiVersion, "kustomize.config.k8s.io/")
}
