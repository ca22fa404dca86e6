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

// The containers of the scripts that create streams, migrate them, remove servers from the cluster, and wait for administrators.
const (
	Bootstrap = "bootstrap"
	Migration = "migration"
	Resize    = "resize"
	Toolbox   = "toolbox"
)

// Script is a script of a Job, with files and environment of its pod on this machine.
type Script struct {
	command []string
	env     map[string]string
}

// FindScript returns a script from the objects of a release, and writes the files of its pod below dir.
func FindScript(dir, name string, objects []cases.Object, data Data) (Script, error) {
	for _, o := range objects {
		job, err := jobOf(o)
		if err != nil {
			return Script{}, err
		}
		if pods := job.Template.Spec.Containers; len(pods) > 0 && pods[0].Name == name {
			return newScript(dir, Pod{Name: o.Name(), Namespace: cases.Namespace}, job.Template.Spec, data)
		}
	}
	return Script{}, fmt.Errorf("no Job or CronJob has a container named %s", name)
}

// jobOf returns the Job of an object, or that which a CronJob creates; an empty one for all other objects.
func jobOf(o cases.Object) (batchv1.JobSpec, error) {
	switch o.Kind() {
	case "Job":
		var job batchv1.Job
		err := o.Into(&job)
		return job.Spec, err
	case "CronJob":
		var cron batchv1.CronJob
		err := o.Into(&cron)
		return cron.Spec.JobTemplate.Spec, err
	}
	return batchv1.JobSpec{}, nil
}

// With returns another command in the container of the script, like kubectl exec.
func (s Script) With(command ...string) Script { return Script{command, s.env} }

func newScript(dir string, pod Pod, spec corev1.PodSpec, data Data) (Script, error) {
	container := spec.Containers[0]
	mounts, err := Mount(dir, spec, container, nil, data)
	if err != nil {
		return Script{}, err
	}
	env, err := pod.Environment(container.Env, data)
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

// Command returns a command that runs the script with the programs in a PATH, without the environment of this process. Urls are the URLs of
// buses by variable. When the context ends, all processes of the script are killed, like in a container.
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
		if url, ok := urls[name]; ok {
			value = url
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd, nil
}

// Run runs the script and returns its output.
func (s Script) Run(ctx context.Context, urls map[string]string, path string) (string, error) {
	cmd, err := s.Command(ctx, urls, path)
	if err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
