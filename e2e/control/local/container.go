// Package local runs a container of a pod as a process of this machine, with the pod's arguments, environment, mounted ConfigMaps and service
// account token at the standard paths. The program reaches the API server as in a cluster, and has exactly the permissions of its roles.
package local

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

// Container is the only container of a pod. Its program is one of package binaries.
type Container struct {
	cluster   *cluster.Cluster
	namespace string
	pod       corev1.PodSpec
	// Environment and Arguments are those of the program.
	Environment, Arguments []string
	// Files are the mounted files by path.
	Files map[string]string
}

// Same reports whether two containers are equal for their program.
func (p *Container) Same(other *Container) bool {
	return slices.Equal(p.Environment, other.Environment) && slices.Equal(p.Arguments, other.Arguments) && maps.Equal(p.Files, other.Files)
}

// secrets is the path of the service account token.
const secrets = "/run/secrets/kubernetes.io/serviceaccount/"

// Prepare resolves all references of a pod's container. Unsupported fields are an error.
func Prepare(ctx context.Context, c *cluster.Cluster, namespace string, pod corev1.PodSpec) (*Container, error) {
	p := &Container{cluster: c, namespace: namespace, pod: pod, Files: map[string]string{}}
	if len(pod.Containers) != 1 || len(pod.InitContainers) > 0 || len(pod.Containers[0].Command) > 0 || len(pod.Containers[0].EnvFrom) > 0 {
		return nil, fmt.Errorf("running a pod of %s: want one container without a command", namespace)
	}
	container := pod.Containers[0]
	replacements := []string{}
	for _, variable := range container.Env {
		value := variable.Value
		switch from := variable.ValueFrom; {
		case from == nil:
		case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
			value = namespace
		default:
			return nil, fmt.Errorf("running container %s: unsupported source of variable %s: %v", container.Name, variable.Name, from)
		}
		p.Environment = append(p.Environment, variable.Name+"="+value)
		replacements = append(replacements, "$("+variable.Name+")", value)
	}
	for _, argument := range container.Args {
		p.Arguments = append(p.Arguments, strings.NewReplacer(replacements...).Replace(argument))
	}
	for _, mount := range container.VolumeMounts {
		// The token volume, added by admission. Start writes its files.
		if mount.MountPath == "/var"+strings.TrimSuffix(secrets, "/") {
			continue
		}
		if err := p.mount(ctx, mount); err != nil {
			return nil, fmt.Errorf("running container %s: volume %s: %w", container.Name, mount.Name, err)
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
			return fmt.Errorf("unsupported volume: only ConfigMaps below /etc are supported")
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
	return fmt.Errorf("the pod has no such volume")
}

// Start starts the container's program, with the arguments of the pod and further ones.
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
		return nil, fmt.Errorf("running %s: %w", name, err)
	}
	server, err := url.Parse(p.cluster.URL())
	if err != nil {
		return nil, err
	}
	// In a new mount namespace. Without root, this needs a new user namespace.
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

// writeFiles writes the container's files below /etc and /run.
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
