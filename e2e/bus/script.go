package bus

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// The scripts that make the streams, that move them, and that take servers out of the cluster, by the containers that run them.
const (
	Bootstrap = "bootstrap"
	Move      = "migration"
	Resize    = "resize"
)

// Script is a script in a Job, with the files and the environment of its pod on this machine.
type Script struct {
	command []string
	env     map[string]string
}

// FindScript returns a script among the objects of a release, with the files of its pod below dir.
func FindScript(dir, name string, objects []cases.Object, data Data) (Script, error) {
	for _, o := range objects {
		if o.Kind() != "Job" {
			continue
		}
		var job batchv1.Job
		if err := o.Into(&job); err != nil {
			return Script{}, err
		}
		if pod := job.Spec.Template.Spec; pod.Containers[0].Name == name {
			return newScript(dir, Pod{Name: job.Name, Namespace: cases.Namespace}, pod, data)
		}
	}
	return Script{}, fmt.Errorf("no Job has a container %s", name)
}

func newScript(dir string, pod Pod, spec corev1.PodSpec, data Data) (Script, error) {
	container := spec.Containers[0]
	mounts, err := Mount(dir, spec, container, nil, data)
	if err != nil {
		return Script{}, err
	}
	env, err := pod.Environment(container.Env)
	if err != nil {
		return Script{}, err
	}
	s := Script{env: map[string]string{}}
	for name, value := range env {
		s.env[name], _ = mounts.Rewrite(value)
	}
	for _, word := range container.Command {
		rewritten, _ := mounts.Rewrite(word)
		if strings.HasPrefix(word, "/") {
			if _, err := mounts.RewriteFile(word); err != nil {
				return Script{}, err
			}
		}
		s.command = append(s.command, rewritten)
	}
	return s, nil
}

// Command is the script on this machine, with the programs in the given PATH and nothing of this process's environment.
// Urls are the buses that it talks to, by the variable that names them. When the context ends all that it has started is killed, as in a container.
func (s Script) Command(ctx context.Context, urls map[string]string, path string) (*exec.Cmd, error) {
	shell, err := exec.LookPath(s.command[0])
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, shell, s.command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	cmd.Env = []string{"PATH=" + path}
	for name, value := range s.env {
		if url, is := urls[name]; is {
			value = url
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd, nil
}

// Run runs the script and returns what it printed.
func (s Script) Run(ctx context.Context, urls map[string]string, path string) (string, error) {
	cmd, err := s.Command(ctx, urls, path)
	if err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
