// Package bus runs a rendered bus on this machine: nats-server in this process, with files, environment and configuration of the pods.
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

// Server is a nats-server in a rendered pod.
type Server struct {
	// Container is the server's container, ConfigPath the path of its configuration.
	Container  corev1.Container
	ConfigPath string
	// Config is the rendered configuration.
	Config string
	Data   Data

	pod    corev1.PodSpec
	claims []corev1.PersistentVolumeClaim
}

// Bus is the StatefulSet of a rendered bus, with its server.
type Bus struct {
	StatefulSet appsv1.StatefulSet
	Server
}

// FindLeaf returns the leaf from the objects of a release; nil if there is none.
func FindLeaf(objects []cases.Object, data Data) (*Server, error) {
	for _, o := range objects {
		if o.Kind() != "DaemonSet" {
			continue
		}
		var set appsv1.DaemonSet
		if err := o.Into(&set); err != nil {
			return nil, err
		}
		if s := (&Server{Data: data, pod: set.Spec.Template.Spec}); s.findConfig() {
			return s, nil
		}
	}
	return nil, nil
}

// Find returns the bus from the objects of a release: the StatefulSet that mounts a ConfigMap with a server's configuration. During a
// migration there are two; otherwise old is nil.
func Find(objects []cases.Object, data Data) (current, old *Bus, err error) {
	for _, o := range objects {
		if o.Kind() != "StatefulSet" {
			continue
		}
		b := &Bus{Server: Server{Data: data}}
		if err := o.Into(&b.StatefulSet); err != nil {
			return nil, nil, err
		}
		b.pod, b.claims = b.StatefulSet.Spec.Template.Spec, b.StatefulSet.Spec.VolumeClaimTemplates
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

func (s *Server) findConfig() bool {
	for _, v := range s.pod.Volumes {
		if v.ConfigMap == nil || s.Data["ConfigMap/"+v.ConfigMap.Name][ConfigFile] == "" {
			continue
		}
		s.Config = s.Data["ConfigMap/"+v.ConfigMap.Name][ConfigFile]
		for _, c := range s.pod.Containers {
			for _, mount := range c.VolumeMounts {
				if mount.Name == v.Name {
					s.Container, s.ConfigPath = c, mount.MountPath+"/"+ConfigFile
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

// Options returns nats-server's options from the configuration of a pod, and writes the pod's files below dir. A path outside of the pod's
// volumes is an error.
func (s *Server) Options(dir string, pod Pod) (*server.Options, error) {
	mounts, err := Mount(dir, s.pod, s.Container, s.claims, s.Data)
	if err != nil {
		return nil, err
	}
	others, err := mounts.RewriteFile(s.ConfigPath)
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%s has paths outside of the pod's volumes: %v", s.ConfigPath, others)
	}
	env, err := pod.Environment(s.Container.Env, s.Data)
	if err != nil {
		return nil, err
	}
	file, _ := mounts.Path(s.ConfigPath)
	var options *server.Options
	err = within(env, func() (err error) {
		options, err = server.ProcessConfigFile(file)
		return err
	})
	return options, err
}
