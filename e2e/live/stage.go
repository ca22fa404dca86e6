package live

import (
	"context"
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

// loadImage is the load generator.
const loadImage = "holdfast.example/load:e2e"

// files are what systems are made of.
type files struct {
	// chart is the folder of the flagship, upstream the manifests of Argo Events' own installation in one namespace.
	chart, upstream string
	// holdfast is the binary, config the file that tells its verify of the cluster, "" if there is nothing to tell.
	holdfast, config string
}

// open brings up nodes, or takes a cluster of somebody else's, for systems to be installed on, the naive one only to compare. Close ends
// what it began.
//
// With $KUBECONFIG and $HOLDFAST_E2E_NODES the cluster is that of the first, and the second is a program that makes its nodes
// fail; its registry must have the load generator, and a node the label and taint of nodes.LoadKey.
func open(ctx context.Context, dir string, compare bool, log func(string, ...any)) (st *stage, err error) {
	st = &stage{systems: systems(compare), log: log}
	if st.files, err = find(); err != nil {
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
		st.cluster = commands{program, os.Getenv("KUBECONFIG")}
		st.detection = 50 * time.Second // by Kubernetes' defaults, as verify takes it
	} else {
		load, err := binaries.Own("./load")
		if err != nil {
			return nil, err
		}
		cluster, err := nodes.Up(ctx, nodes.Config{Dir: dir, Nodes: nodes.Zones(), Images: []images.Image{{
			Names: []string{loadImage}, Entrypoint: []string{"/load"}, Files: []images.File{{Path: "/load", From: load}},
		}}})
		if err != nil {
			return nil, err
		}
		st.cluster, st.close, st.detection = cluster, cluster.Close, nodes.Grace
		st.files.config = filepath.Join(dir, "log", "verify.yaml")
		if err := os.WriteFile(st.files.config, fmt.Appendf(nil, "detection: %s\n", nodes.Grace), 0o644); err != nil {
			return st, err
		}
	}
	st.kube, err = newKube(st.cluster.Kubeconfig(), kubectl, helm)
	return st, err
}

// find looks for what systems are made of.
func find() (files, error) {
	root, err := binaries.Root()
	if err != nil {
		return files{}, err
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-events")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return files{}, fmt.Errorf("looking for Argo Events: %w", err)
	}
	holdfast, err := binaries.Holdfast()
	if err != nil {
		return files{}, err
	}
	upstream, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "manifests", "namespace-install.yaml"))
	return files{chart: filepath.Join(filepath.Dir(root), "charts", "argo-events"), upstream: string(upstream), holdfast: holdfast}, err
}

// patience is how long may take what has to come and what nobody is promised a time for: longer than it does on a slow machine.
const patience = 10 * time.Minute

// install puts all systems on the cluster, all at once.
func (st *stage) install(ctx context.Context) error {
	// The custom resources come with both, and whoever is first owns them.
	start := time.Now()
	errs := make([]error, len(st.systems))
	each(st.systems, func(i int, s *System) { errs[i] = s.install(ctx, st.kube, st.files) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	st.log("%d systems installed in %s", len(st.systems), time.Since(start).Round(time.Second))
	return nil
}
