package control

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/process"
)

// startRollouts starts the controller of Argo Rollouts.
func startRollouts(dir string) (*process.Process, error) {
	file, err := binaries.Path("rollouts-controller")
	if err != nil {
		return nil, err
	}
	return process.Start("rollouts-controller", filepath.Join(dir, "log"), exec.Command(file,
		"--kubeconfig="+kube.Kubeconfig(), "--leader-elect=false", "--metricsPort=0", "--healthzPort=0", "--qps=200", "--burst=400", "--loglevel=warn"))
}

// rolloutDefinitions returns the CustomResourceDefinitions of Argo Rollouts, of the version of its controller.
func rolloutDefinitions() ([]string, error) {
	root, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	module := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-rollouts")
	module.Dir = filepath.Join(root, "tools", "argo-rollouts")
	out, err := module.Output()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "manifests", "crds", "*-crd.yaml"))
	if err == nil && len(files) == 0 {
		err = errors.New("no CustomResourceDefinitions of Argo Rollouts")
	}
	return files, err
}
