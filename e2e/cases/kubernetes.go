package cases

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
)

// KubernetesVersion returns the default version of holdfast, "v1.36.3" for k8s.io/api v0.36.3 in the repository's go.mod.
var KubernetesVersion = sync.OnceValues(func() (string, error) {
	repository, err := Repository()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "k8s.io/api")
	cmd.Dir = repository
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("reading the version of k8s.io/api: %w", err)
	}
	minor, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "v0.")
	if !ok {
		return "", fmt.Errorf("k8s.io/api has version %s, want v0.MINOR.PATCH for Kubernetes v1", out)
	}
	return "v1." + minor, nil
})
