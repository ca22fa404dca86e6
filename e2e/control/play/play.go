// Package play runs a container of a pod as a process of this machine: with the arguments and the environment that the
// pod asks for, the ConfigMaps it mounts, and the token of its service account at the usual place. So the program finds
// the API as it would in a cluster, and has the rights that its roles give it and no others.
package play

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/process"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Container is the only container of a pod, ready to run: its image is one of the programs of package binaries.
type Container struct {
	cluster   *cluster.Cluster
	namespace string
	pod       corev1.PodSpec
	// Environment and Arguments are as the program gets them.
	Environment, Arguments []string
	// Files are what is mounted, by path.
	Files map[string]string
}

// Same tells whether two containers are the same to the program in them.
func (p *Container) Same(other *Container) bool {
	return slices.Equal(p.Environment, other.Environment) && slices.Equal(p.Arguments, other.Arguments) && maps.Equal(p.Files, other.Files)
}

// secrets is where a program finds the token of its service account.
const secrets = "/run/secrets/kubernetes.io/serviceaccount/"

// Prepare looks up everything that the container of a pod refers to. What is not known here is an error.
func Prepare(ctx context.Context, c *cluster.Cluster, namespace string, pod corev1.PodSpec) (*Container, error) {
	p := &Container{cluster: c, namespace: namespace, pod: pod, Files: map[string]string{}}
	if len(pod.Containers) != 1 || len(pod.InitContainers) > 0 || len(pod.Containers[0].Command) > 0 || len(pod.Containers[0].EnvFrom) > 0 {
		return nil, fmt.Errorf("playing a pod in %s: it should have one container and that its image's command", namespace)
	}
	container := pod.Containers[0]
	known := []string{}
	for _, variable := range container.Env {
		value := variable.Value
		switch from := variable.ValueFrom; {
		case from == nil:
		case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
			value = namespace
		default:
			return nil, fmt.Errorf("playing container %s: where %s comes from is not known here: %v", container.Name, variable.Name, from)
		}
		p.Environment = append(p.Environment, variable.Name+"="+value)
		known = append(known, "$("+variable.Name+")", value)
	}
	for _, argument := range container.Args {
		p.Arguments = append(p.Arguments, strings.NewReplacer(known...).Replace(argument))
	}
	for _, mount := range container.VolumeMounts {
		// What admission has added; Start makes that itself.
		if mount.MountPath == "/var"+strings.TrimSuffix(secrets, "/") {
			continue
		}
		if err := p.mount(ctx, mount); err != nil {
			return nil, fmt.Errorf("playing container %s: volume %s: %w", container.Name, mount.Name, err)
		}
	}
	return p, nil
}

// mount reads a mounted ConfigMap.
func (p *Container) mount(ctx context.Context, mount corev1.VolumeMount) error {
	for _, volume := range p.pod.Volumes {
		if volume.Name != mount.Name {
			continue
		}
		if volume.ConfigMap == nil || !strings.HasPrefix(mount.MountPath, "/etc/") {
			return fmt.Errorf("only ConfigMaps below /etc are mounted here")
		}
		found, err := p.cluster.Kube.CoreV1().ConfigMaps(p.namespace).Get(ctx, volume.ConfigMap.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for key, text := range found.Data {
			p.Files[filepath.Join(mount.MountPath, key)] = text
		}
		return nil
	}
	return fmt.Errorf("the pod has none of that name")
}

// Start runs the container as a program; further arguments are added to the pod's own.
func (p *Container) Start(ctx context.Context, name, program string, arguments ...string) (*process.Process, error) {
	file, err := binaries.Path(program)
	if err != nil {
		return nil, err
	}
	root, err := os.MkdirTemp(p.cluster.Dir(""), name+"-")
	if err != nil {
		return nil, err
	}
	if err := p.writeFiles(ctx, root); err != nil {
		return nil, fmt.Errorf("playing %s: %w", name, err)
	}
	server, err := url.Parse(p.cluster.URL())
	if err != nil {
		return nil, err
	}
	// In a mount namespace of its own, which anybody may have who is root in a user namespace of his own.
	command := []string{"--mount"}
	if os.Getuid() != 0 {
		command = append(command, "--map-root-user")
	}
	command = append(command, "sh", "-c", `mount --bind "$0/etc" /etc && mount --bind "$0/run" /run && exec "$@"`, root, file)
	cmd := exec.Command("unshare", append(append(command, p.Arguments...), arguments...)...)
	cmd.Dir = root
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + root,
		"KUBERNETES_SERVICE_HOST=" + server.Hostname(), "KUBERNETES_SERVICE_PORT=" + server.Port(),
	}, p.Environment...)
	return process.Start(name, p.cluster.Dir("log"), cmd)
}

// writeFiles writes what the container finds in /etc and /run.
func (p *Container) writeFiles(ctx context.Context, root string) error {
	account := p.pod.ServiceAccountName
	if account == "" {
		account = "default"
	}
	token, err := p.cluster.Kube.CoreV1().ServiceAccounts(p.namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(p.cluster.CA())
	if err != nil {
		return err
	}
	files := map[string]string{
		"/etc/hosts":          "",
		secrets + "token":     token.Status.Token,
		secrets + "ca.crt":    string(ca),
		secrets + "namespace": p.namespace,
	}
	for path, text := range p.Files {
		files[path] = text
	}
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
