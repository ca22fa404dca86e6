package bus

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/nats-io/nats-server/v2/server"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// ConfigFile is the configuration of the server, a key of a ConfigMap.
const ConfigFile = "nats.conf"

// Bus is the StatefulSet of a rendered bus and what its pods are given.
type Bus struct {
	StatefulSet appsv1.StatefulSet
	// Container is that of the server; ConfigPath is where it finds its configuration.
	Container  corev1.Container
	ConfigPath string
	// Config is the configuration as it was rendered.
	Config string
	Data   Data
}

// Find returns the bus among the objects of a release: the StatefulSet that mounts a ConfigMap with a server's
// configuration. In a move there are two, the new and the old one; otherwise old is nil.
func Find(objects []cases.Object, data Data) (current, old *Bus, err error) {
	for _, o := range objects {
		if o.Kind() != "StatefulSet" {
			continue
		}
		b := &Bus{Data: data}
		if err := o.Into(&b.StatefulSet); err != nil {
			return nil, nil, err
		}
		switch {
		case !b.findConfig():
		case strings.Contains(b.Config, "port: 4223"):
			old = b
		default:
			current = b
		}
	}
	if current == nil {
		return nil, nil, fmt.Errorf("no StatefulSet mounts a ConfigMap with %s", ConfigFile)
	}
	return current, old, nil
}

func (b *Bus) findConfig() bool {
	pod := b.StatefulSet.Spec.Template.Spec
	for _, v := range pod.Volumes {
		if v.ConfigMap == nil || b.Data["ConfigMap/"+v.ConfigMap.Name][ConfigFile] == "" {
			continue
		}
		b.Config = b.Data["ConfigMap/"+v.ConfigMap.Name][ConfigFile]
		for _, c := range pod.Containers {
			for _, mount := range c.VolumeMounts {
				if mount.Name == v.Name {
					b.Container, b.ConfigPath = c, mount.MountPath+"/"+ConfigFile
					return true
				}
			}
		}
	}
	return false
}

// Replicas returns how many servers the bus has.
func (b *Bus) Replicas() int { return int(*b.StatefulSet.Spec.Replicas) }

// Pod returns the pod with an ordinal: each on a node of its own, spread over three zones.
func (b *Bus) Pod(ordinal int) Pod {
	return Pod{
		Name:      fmt.Sprintf("%s-%d", b.StatefulSet.Name, ordinal),
		Namespace: cases.Namespace,
		Node:      fmt.Sprintf("node-%d", ordinal),
		Zone:      fmt.Sprintf("zone-%c", 'a'+ordinal%3),
	}
}

// Options are what the real nats-server reads from the configuration of a pod, whose files are put below dir. A path
// that is on no volume of the pod is an error.
func (b *Bus) Options(dir string, pod Pod) (*server.Options, error) {
	mounts, err := Mount(dir, b.StatefulSet.Spec.Template.Spec, b.Container, b.StatefulSet.Spec.VolumeClaimTemplates, b.Data)
	if err != nil {
		return nil, err
	}
	others, err := mounts.RewriteFile(b.ConfigPath)
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%s names %v, which are on no volume of the pod", b.ConfigPath, others)
	}
	env, err := pod.Environment(b.Container.Env)
	if err != nil {
		return nil, err
	}
	file, _ := mounts.Path(b.ConfigPath)
	var options *server.Options
	err = within(env, func() (err error) {
		options, err = server.ProcessConfigFile(file)
		return err
	})
	return options, err
}
