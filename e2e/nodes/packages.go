package nodes

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

//go:embed packages.txt
var packages string

// require returns an error if nodes cannot run on this machine.
func require() error {
	if os.Geteuid() != 0 {
		return errors.New("nodes need namespaces and control groups: run this as root")
	}
	var missing []string
	for line := range strings.Lines(packages) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, err := exec.LookPath(file); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("packages are missing: run e2e/nodes/packages.sh, or apt-get install %s", strings.Join(missing, " "))
	}
	return nil
}
