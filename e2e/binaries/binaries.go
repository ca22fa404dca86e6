// Package binaries builds the programs that the tests run, each once for a set of versions.
//
// They are the real ones, from source, at the versions that the go.mod files here pin: nothing is downloaded but Go
// modules. The cache is $HOLDFAST_E2E_CACHE, or holdfast-e2e in the user's cache folder; it may be deleted at any time.
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

// program is where a binary comes from.
type program struct {
	// module is the folder below e2e whose go.mod pins the version of pkg.
	module, pkg string
	// stamp is what the linker is to tell the program of its version, if anything asks for it: the version of the module
	// versionOf stands for VERSION, MAJOR and MINOR.
	versionOf, stamp string
}

// programs are all binaries by the name they are called by. A new one is a line here and a "tool" line in a go.mod;
// it has a module of its own where its dependencies quarrel with the others'.
var programs = map[string]program{
	"argo-events": {module: "tools/argocheck", pkg: "github.com/argoproj/argo-events/cmd"},
	"argocheck":   {module: "tools/argocheck", pkg: "."},
	"coredns":     {module: "tools/coredns", pkg: "."},
	"etcd":        {module: "tools/etcd", pkg: "go.etcd.io/etcd/server/v3"},
	"helm3":       {module: "tools/helm3", pkg: "helm.sh/helm/v3/cmd/helm"},
	"helm4":       {module: "tools/helm4", pkg: "helm.sh/helm/v4/cmd/helm"},
	"kubeconform": {module: ".", pkg: "github.com/yannh/kubeconform/cmd/kubeconform"},
	"kube-router": {module: "tools/kube-router", pkg: "."},
	"kustomize":   {module: "tools/kustomize", pkg: "sigs.k8s.io/kustomize/kustomize/v5"},
	"kwok":        {module: "tools/kwok", pkg: "sigs.k8s.io/kwok/cmd/kwok"},
	"nats":        {module: "tools/nats", pkg: "github.com/nats-io/natscli/nats"},
	"nats-server": {module: ".", pkg: "github.com/nats-io/nats-server/v2"},

	"nats-server-config-reloader": {module: "tools/nats-sidecars", pkg: "github.com/nats-io/nack/cmd/nats-server-config-reloader"},
	"prometheus-nats-exporter":    {module: "tools/nats-sidecars", pkg: "github.com/nats-io/prometheus-nats-exporter"},

	"kube-apiserver":          kubernetes("kube-apiserver"),
	"kube-controller-manager": kubernetes("kube-controller-manager"),
	"kube-proxy":              kubernetes("kube-proxy"),
	"kube-scheduler":          kubernetes("kube-scheduler"),
	"kubectl":                 kubernetes("kubectl"),
	"kubelet":                 kubernetes("kubelet"),
}

// kubernetes is a program of Kubernetes. They know their version from the linker alone, and helm asks the API server for it.
func kubernetes(name string) program {
	const version = "k8s.io/component-base/version"
	return program{
		module:    "tools/kubernetes",
		pkg:       "k8s.io/kubernetes/cmd/" + name,
		versionOf: "k8s.io/kubernetes",
		stamp:     "-X " + version + ".gitVersion=VERSION -X " + version + ".gitMajor=MAJOR -X " + version + ".gitMinor=MINOR",
	}
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

// building is held by who builds: of several tests that want a program at once, one builds it and the others find it. Two builds
// would not be faster together.
var building sync.Mutex

// All builds every program that the cache has not, so that no test waits for it.
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
	// Static, for some of them run in a container or another mount namespace. Nothing else that changes how a package is
	// compiled: what run.sh has compiled for the tests serves here, too.
	flags := []string{"-buildvcs=false", "-ldflags", strings.TrimSpace(linker + " " + stamp)}
	return build(dir, p.pkg, file, flags, "CGO_ENABLED=0")
}

// linker are the flags of the linker for every program: without symbols and debug information.
const linker = "-s -w"

// stamped returns the stamp with the version that dir's go.mod pins.
func (p program) stamped(dir string) (string, error) {
	if p.stamp == "" {
		return "", nil
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Version}}", p.versionOf)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("looking for the version of %s in %s: %w", p.versionOf, dir, err)
	}
	version := strings.TrimSpace(string(out))
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 3 {
		return "", fmt.Errorf("%s has version %s: it should be of three parts", p.versionOf, version)
	}
	return strings.NewReplacer("VERSION", version, "MAJOR", parts[0], "MINOR", parts[1]).Replace(p.stamp), nil
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
	return file, build(repository, "./cmd/holdfast", file, nil)
}

// Tool returns the file of a program below tools that is made of this repository's own packages. Like Holdfast's, it is
// built from what the sources are now.
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

// Own returns the file of a program of this module: one that runs in a container or as a node. Like Holdfast's, it is
// built from what the sources are now.
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

// build builds beside the file and then puts it in its place: another tier may look for it, or run it, at the same moment.
func build(dir, pkg, file string, flags []string, environment ...string) error {
	fmt.Fprintf(os.Stderr, "building %s\n", file)
	start := time.Now()
	aside := fmt.Sprintf("%s.%d", file, rand.Uint32())
	cmd := exec.Command("go", append(append([]string{"build", "-o", aside}, flags...), pkg)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s in %s: %w\n%s", pkg, dir, err, out)
	}
	fmt.Fprintf(os.Stderr, "built %s in %s\n", filepath.Base(file), time.Since(start).Round(time.Second))
	return os.Rename(aside, file)
}
