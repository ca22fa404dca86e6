package bus

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// monitorPort is the port of the monitoring in the configuration of every server.
const monitorPort = "8222"

// Probe runs the command of a probe, a script on a volume of the pod, against a server on this machine. Programs is a PATH with the programs of
// the image. The error has the output of a failed probe.
func (s *Server) Probe(ctx context.Context, probe *corev1.Probe, files string, port int, programs string) error {
	if probe == nil || probe.Exec == nil || len(probe.Exec.Command) < 2 {
		return fmt.Errorf("want a probe that runs a script: %v", probe)
	}
	command := probe.Exec.Command
	text, err := os.ReadFile(filepath.Join(files, command[1]))
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), monitorPort) {
		return fmt.Errorf("%s does not use port %s", command[1], monitorPort)
	}
	script := strings.ReplaceAll(string(text), monitorPort, fmt.Sprint(port))
	shell := filepath.Join(programs, command[0])
	cmd := exec.CommandContext(ctx, shell, append([]string{"-c", script, command[1]}, command[2:]...)...)
	cmd.Env = []string{"PATH=" + programs}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// BusyBox creates a folder with the programs of an image with BusyBox, and returns it.
func BusyBox(dir string) (string, error) {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return "", err
	}
	for _, program := range []string{"sh", "timeout", "nc", "head", "grep", "printf"} {
		if err := os.Symlink(busybox, filepath.Join(dir, program)); err != nil {
			return "", err
		}
	}
	return dir, nil
}
