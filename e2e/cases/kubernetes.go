package cases

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
)

// KubernetesVersion returns the version that holdfast renders for by default, "v1.36.3": that of the API types (k8s.io/api
// v0.36.3) in the repository's go.mod.
var KubernetesVersion = sync.OnceValues(func() (string, error) {
	repository, err := Repository()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "k8s.io/api")
	cmd.Dir = repository
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("looking for the version of k8s.io/api: %w", err)
	}
	minor, is := strings.CutPrefix(strings.TrimSpace(string(out)), "v0.")
	if !is {
		return "", fmt.Errorf("k8s.io/api has version %s: it should begin with v0, for Kubernetes v1", out)
	}
	return "v1." + minor, nil
})
