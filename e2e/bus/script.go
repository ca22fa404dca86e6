package bus

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// ScriptFile is the script that makes the streams, a key of a ConfigMap.
const ScriptFile = "bootstrap.sh"

// Script is a script in a Job, with the files and the environment of its pod on this machine.
type Script struct {
	// URL is the bus that the pod would talk to, Text what it runs.
	URL, Text string
	command   []string
	env       map[string]string
}

// FindScript returns the script of a release, with the files of its pod below dir.
func FindScript(dir string, objects []cases.Object, data Data) (Script, error) {
	for _, o := range objects {
		if o.Kind() != "Job" {
			continue
		}
		var job batchv1.Job
		if err := o.Into(&job); err != nil {
			return Script{}, err
		}
		pod := job.Spec.Template.Spec
		if text := data.script(pod); text != "" {
			return newScript(dir, Pod{Name: job.Name, Namespace: cases.Namespace}, pod, text, data)
		}
	}
	return Script{}, fmt.Errorf("no Job mounts a ConfigMap with %s", ScriptFile)
}

// script returns the script that a pod mounts, if it does.
func (d Data) script(pod corev1.PodSpec) string {
	for _, v := range pod.Volumes {
		if v.ConfigMap != nil && d["ConfigMap/"+v.ConfigMap.Name][ScriptFile] != "" {
			return d["ConfigMap/"+v.ConfigMap.Name][ScriptFile]
		}
	}
	return ""
}

func newScript(dir string, pod Pod, spec corev1.PodSpec, text string, data Data) (Script, error) {
	container := spec.Containers[0]
	mounts, err := Mount(dir, spec, container, nil, data)
	if err != nil {
		return Script{}, err
	}
	env, err := pod.Environment(container.Env)
	if err != nil {
		return Script{}, err
	}
	s := Script{URL: env["NATS_URL"], Text: text, env: map[string]string{}}
	for name, value := range env {
		s.env[name], _ = mounts.Rewrite(value)
	}
	for _, word := range container.Command {
		path, mounted := mounts.Path(word)
		if mounted && path != word {
			if _, err := mounts.RewriteFile(word); err != nil {
				return Script{}, err
			}
		}
		s.command = append(s.command, path)
	}
	return s, nil
}

// Run runs the script on a bus, with the programs in the given PATH and nothing of this process's environment. It
// returns what it printed.
func (s Script) Run(ctx context.Context, url, path string) (string, error) {
	shell, err := exec.LookPath(s.command[0])
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, shell, s.command[1:]...)
	// What the shell has started may outlive it, and would hold up the output.
	cmd.WaitDelay = time.Second
	cmd.Env = []string{"PATH=" + path}
	for name, value := range s.env {
		if name == "NATS_URL" {
			value = url
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
