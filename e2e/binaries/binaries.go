// Package binaries builds the programs that the tests run, each once for a set of versions.
//
// They are the real ones, from source, at the versions that the go.mod files here pin: nothing is downloaded but Go
// modules. The cache is $HOLDFAST_E2E_CACHE, or holdfast-e2e in the user's cache folder; it may be deleted at any time.
package binaries

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// program is where a binary comes from: a package, and the module (a folder below e2e) that pins its version.
type program struct{ module, pkg string }

// programs are all binaries by the name they are called by. A new one is a line here and a "tool" line in a go.mod;
// it has a module of its own where its dependencies quarrel with the others'.
var programs = map[string]program{
	"argocheck":   {"tools/argocheck", "."},
	"helm3":       {"tools/helm3", "helm.sh/helm/v3/cmd/helm"},
	"helm4":       {"tools/helm4", "helm.sh/helm/v4/cmd/helm"},
	"kubeconform": {".", "github.com/yannh/kubeconform/cmd/kubeconform"},
	"nats":        {"tools/nats", "github.com/nats-io/natscli/nats"},
}

// Path returns the file of a binary, which is built first if the cache has none of its version. It bears its own name
// and is alone in its folder, so that the folder can be put into a PATH.
func Path(name string) (string, error) {
	p, known := programs[name]
	if !known {
		return "", fmt.Errorf("building %s: no such program here", name)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, p.module)
	version, err := key(module)
	if err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	file := filepath.Join(cache, name+"-"+version, name)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	return file, buildAside(module, p.pkg, file)
}

// Holdfast returns the file of this repository's own binary. It is built at each call, from what the sources are now.
func Holdfast() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	repository := filepath.Dir(root)
	// One folder for each working copy: two of them must not test each other's binary.
	file := filepath.Join(cache, "holdfast-"+short([]byte(repository)), "holdfast")
	return file, build(repository, "./cmd/holdfast", file)
}

// buildAside builds beside the file and then puts it in its place: another test may look for it at the same moment.
func buildAside(dir, pkg, file string) error {
	aside := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := build(dir, pkg, aside); err != nil {
		return err
	}
	return os.Rename(aside, file)
}

func build(dir, pkg, file string) error {
	fmt.Fprintf(os.Stderr, "building %s\n", file)
	start := time.Now()
	cmd := exec.Command("go", "build", "-o", file, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s in %s: %w\n%s", pkg, dir, err, out)
	}
	fmt.Fprintf(os.Stderr, "built %s in %s\n", filepath.Base(file), time.Since(start).Round(time.Second))
	return nil
}
