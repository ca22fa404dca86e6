package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/nodes"
	"github.com/holdfast-ha/holdfast/e2e/nodes/images"
)

// loadImage is the image of the load generator.
const loadImage = "holdfast.example/load:e2e"

// patience limits waits without a promised time: far longer than they take on a slow machine.
const patience = 10 * time.Minute

// runner runs scenarios on a cluster with systems.
type runner struct {
	cluster Cluster
	kube    *kube
	systems []*System
	files   files
	// detection is the time without a heartbeat after which the control plane marks a node as Unreachable.
	detection time.Duration
	close     func() error
	log       func(format string, args ...any)
}

// files are the inputs of the systems.
type files struct {
	// chart is the folder of the Argo Events chart, manifests that of Argo Events' own manifests, upstream those of an installation in one namespace.
	chart, manifests, upstream string
	// holdfast is the binary, config its configuration file for this cluster, or "".
	holdfast, config string
}

// open starts nodes, or uses an existing cluster. The caller installs the systems and calls close at the end, also after an error.
//
// With $KUBECONFIG and $HOLDFAST_E2E_NODES it uses the cluster of the former and makes its nodes fail with the program in the latter. The
// registry of that cluster must have the load generator, and one node the label and taint nodes.LoadKey.
func open(ctx context.Context, dir string, systems []*System, log func(string, ...any)) (r *runner, err error) {
	r = &runner{systems: systems, log: log}
	if r.files, err = findFiles(); err != nil {
		return nil, err
	}
	kubectl, err := binaries.Path("kubectl")
	if err != nil {
		return nil, err
	}
	helm, err := binaries.Path("helm3")
	if err != nil {
		return nil, err
	}
	if program := os.Getenv("HOLDFAST_E2E_NODES"); program != "" {
		r.cluster = commands{program, os.Getenv("KUBECONFIG")}
		r.detection = 50 * time.Second // the default of Kubernetes and of verify
	} else if err := r.startNodes(ctx, dir); err != nil {
		return r, err
	}
	r.kube, err = newKube(r.cluster.Kubeconfig(), kubectl, helm)
	return r, err
}

func (r *runner) startNodes(ctx context.Context, dir string) error {
	start := time.Now()
	load, err := binaries.Own("./load")
	if err != nil {
		return err
	}
	further, err := monitoringImages()
	if err != nil {
		return err
	}
	cluster, err := nodes.Up(ctx, nodes.Config{Dir: dir, Nodes: nodes.Zones(), Images: append(further, images.Image{
		Names: []string{loadImage}, Entrypoint: []string{"/load"}, Files: []images.File{{Path: "/load", From: load}},
	})})
	if err != nil {
		return err
	}
	r.log("nodes started in %s", time.Since(start).Round(time.Second))
	r.cluster, r.close, r.detection = cluster, cluster.Close, nodes.Grace
	r.files.config = filepath.Join(dir, "log", "verify.yaml")
	return os.WriteFile(r.files.config, fmt.Appendf(nil, "detection: %s\n", nodes.Grace), 0o644)
}

// findFiles builds holdfast and locates the chart and the manifests.
func findFiles() (files, error) {
	root, err := binaries.Root()
	if err != nil {
		return files{}, err
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-events")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return files{}, fmt.Errorf("locating the module of Argo Events: %w", err)
	}
	holdfast, err := binaries.Holdfast()
	if err != nil {
		return files{}, err
	}
	manifests := filepath.Join(strings.TrimSpace(string(out)), "manifests")
	upstream, err := os.ReadFile(filepath.Join(manifests, "namespace-install.yaml"))
	return files{chart: filepath.Join(filepath.Dir(root), "charts", "argo-events"), manifests: manifests, upstream: string(upstream), holdfast: holdfast}, err
}

// install installs all systems at the same time. Each contains the CustomResourceDefinitions; the first installation creates them.
func (r *runner) install(ctx context.Context) error {
	start := time.Now()
	errs := make([]error, len(r.systems))
	each(r.systems, func(i int, s *System) { errs[i] = s.install(ctx, r.kube, r.files) })
	if err := errors.Join(errs...); err != nil {
		return err
	}
	r.log("%d systems installed in %s", len(r.systems), time.Since(start).Round(time.Second))
	return nil
}
