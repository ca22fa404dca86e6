// Package binaries builds the programs that the tests run, each once for a set of versions.
//
// It builds them from source, at the versions in the go.mod files below e2e, and downloads nothing but Go modules. The cache is
// $HOLDFAST_E2E_CACHE, or holdfast-e2e in the user's cache folder. It may be deleted at any time.
package binaries

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// program is the source of a binary.
type program struct {
	// module is the folder below e2e whose go.mod pins the version of pkg.
	module, pkg string
	// stamp are linker flags that set the program's version, if any test reads it. VERSION, MAJOR and MINOR stand for the version of the
	// module versionOf.
	versionOf, stamp string
}

// programs are all binaries by name. To add one: a line here and a "tool" line in a go.mod, in a module of its own if its dependencies conflict
// with those of others.
var programs = map[string]program{
	"argo-events":  {module: "tools/argocheck", pkg: "github.com/argoproj/argo-events/cmd"},
	"argocheck":    {module: "tools/argocheck", pkg: "."},
	"cert-manager": {module: "tools/cert-manager", pkg: "."},
	"coredns":      {module: "tools/coredns", pkg: "."},
	"etcd":         {module: "tools/etcd", pkg: "go.etcd.io/etcd/server/v3"},
	"helm3":        {module: "tools/helm3", pkg: "helm.sh/helm/v3/cmd/helm"},
	"helm4":        {module: "tools/helm4", pkg: "helm.sh/helm/v4/cmd/helm"},
	"kafka":        {module: "tools/kafka", pkg: "."},
	"kubeconform":  {module: ".", pkg: "github.com/yannh/kubeconform/cmd/kubeconform"},
	"kube-router":  {module: "tools/kube-router", pkg: "."},
	"kube-score":   {module: "tools/kube-score", pkg: "github.com/zegl/kube-score/cmd/kube-score"},
	"kustomize":    {module: "tools/kustomize", pkg: "sigs.k8s.io/kustomize/kustomize/v5"},
	"kwok":         {module: "tools/kwok", pkg: "sigs.k8s.io/kwok/cmd/kwok"},
	"nats":         {module: "tools/nats", pkg: "github.com/nats-io/natscli/nats"},
	"nats-server":  {module: ".", pkg: "github.com/nats-io/nats-server/v2"},

	"nats-server-config-reloader": {module: "tools/nats-sidecars", pkg: "github.com/nats-io/nack/cmd/nats-server-config-reloader"},
	"prometheus-nats-exporter":    {module: "tools/nats-sidecars", pkg: "github.com/nats-io/prometheus-nats-exporter"},

	"rollouts-controller": {module: "tools/argo-rollouts", pkg: "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"},

	"kube-apiserver":          kubernetes("tools/kubernetes", "kube-apiserver"),
	"kube-controller-manager": kubernetes("tools/kubernetes", "kube-controller-manager"),
	"kube-proxy":              kubernetes("tools/kubernetes", "kube-proxy"),
	"kube-scheduler":          kubernetes("tools/kubernetes", "kube-scheduler"),
	"kubectl":                 kubernetes("tools/kubernetes", "kubectl"),
	"kubelet":                 kubernetes("tools/kubernetes", "kubelet"),

	"kube-apiserver" + Next:          kubernetes("tools/kubernetes-next", "kube-apiserver"),
	"kube-controller-manager" + Next: kubernetes("tools/kubernetes-next", "kube-controller-manager"),
	"kube-scheduler" + Next:          kubernetes("tools/kubernetes-next", "kube-scheduler"),
}

// Next is the end of the names of programs of the next version of Kubernetes.
const Next = "-next"

// kubernetes is a program of Kubernetes, of the version in a module. The program has it from linker flags only, and helm reads that of the
// API server.
func kubernetes(module, name string) program {
	const version = "k8s.io/component-base/version"
	return program{
		module:    module,
		pkg:       "k8s.io/kubernetes/cmd/" + name,
		versionOf: "k8s.io/kubernetes",
		stamp:     "-X " + version + ".gitVersion=VERSION -X " + version + ".gitMajor=MAJOR -X " + version + ".gitMinor=MINOR",
	}
}

// Path returns the file of a binary, and builds it if the cache does not have this version. The file has the binary's name and is alone in its
// folder, so that a PATH can contain the folder.
func Path(name string) (string, error) {
	p, ok := programs[name]
	if !ok {
		return "", fmt.Errorf("building %s: unknown program", name)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, p.module)
	version, err := key(module, p)
	if err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	file := filepath.Join(cache, name+"-"+version, name)
	building.Lock()
	defer building.Unlock()
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	return file, p.build(module, file)
}

// building is locked during a build: if several tests need a program at the same time, one builds it and the others use it. Two concurrent
// builds would not be faster.
var building sync.Mutex

// All builds every program that the cache does not have.
func All() error {
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		if _, err := Path(name); err != nil {
			return err
		}
	}
	return nil
}

func (p program) build(dir, file string) error {
	stamp, err := p.stamped(dir)
	if err != nil {
		return err
	}
	// Static, because some run in a container or another mount namespace. No other flag changes how packages are compiled, so that packages
	// compiled for the tests of run.sh are used here, too.
	flags := []string{"-buildvcs=false", "-ldflags", strings.TrimSpace(linker + " " + stamp)}
	return build(dir, p.pkg, file, flags, "CGO_ENABLED=0")
}

// linker are the linker flags of every program: without symbols and debug information.
const linker = "-s -w"

// stamped returns the stamp with the version from dir's go.mod.
func (p program) stamped(dir string) (string, error) {
	if p.stamp == "" {
		return "", nil
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Version}}", p.versionOf)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("reading the version of %s in %s: %w", p.versionOf, dir, err)
	}
	version := strings.TrimSpace(string(out))
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 3 {
		return "", fmt.Errorf("%s has version %s, want three parts", p.versionOf, version)
	}
	return strings.NewReplacer("VERSION", version, "MAJOR", parts[0], "MINOR", parts[1]).Replace(p.stamp), nil
}

// Holdfast builds the holdfast binary from the current sources and returns its file.
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
	// One folder for each working copy, so that they do not test each other's binary.
	file := filepath.Join(cache, "holdfast-"+short([]byte(repository)), "holdfast")
	return file, build(repository, "./cmd/holdfast", file, nil)
}

// Tool builds a program below tools that uses packages of this repository, from the current sources, and returns its file.
func Tool(name string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	file := filepath.Join(cache, "own-"+short([]byte(root)), name)
	return file, program{pkg: "."}.build(filepath.Join(root, "tools", name), file)
}

// Own builds a program of this module that runs in a container or as a node, from the current sources, and returns its file.
func Own(pkg string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	file := filepath.Join(cache, "own-"+short([]byte(root)), filepath.Base(pkg))
	return file, program{pkg: pkg}.build(root, file)
}

// build builds into a temporary file and renames it: another tier may use the file at the same time.
func build(dir, pkg, file string, flags []string, environment ...string) error {
	fmt.Fprintf(os.Stderr, "building %s\n", file)
	start := time.Now()
	temporary := fmt.Sprintf("%s.%d", file, rand.Uint32())
	cmd := exec.Command("go", append(append([]string{"build", "-o", temporary}, flags...), pkg)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s in %s: %w\n%s", pkg, dir, err, out)
	}
	fmt.Fprintf(os.Stderr, "built %s in %s\n", filepath.Base(file), time.Since(start).Round(time.Second))
	return os.Rename(temporary, file)
}
