package bus

import (
	"fmt"
	"os"
	"regexp"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// Pod is what a container may ask about its pod.
type Pod struct{ Name, Namespace, Node, Zone string }

// Environment returns what the given list makes of a container's environment.
func (p Pod) Environment(list []corev1.EnvVar) (map[string]string, error) {
	env := map[string]string{}
	for _, v := range list {
		value := expand(v.Value, env)
		if v.ValueFrom != nil {
			var err error
			if value, err = p.field(v.ValueFrom.FieldRef); err != nil {
				return nil, fmt.Errorf("env %s: %w", v.Name, err)
			}
		}
		env[v.Name] = value
	}
	return env, nil
}

func (p Pod) field(ref *corev1.ObjectFieldSelector) (string, error) {
	if ref == nil {
		return "", fmt.Errorf("only fields of the pod are known here")
	}
	switch ref.FieldPath {
	case "metadata.name":
		return p.Name, nil
	case "metadata.namespace":
		return p.Namespace, nil
	case "spec.nodeName":
		return p.Node, nil
	case "metadata.labels['topology.kubernetes.io/zone']":
		return p.Zone, nil
	}
	return "", fmt.Errorf("the field %s is not known here", ref.FieldPath)
}

var variable = regexp.MustCompile(`\$\((\w+)\)`)

// expand puts the variables that are known by now in place of $(NAME), as the kubelet does.
func expand(text string, known map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if value, is := known[variable.FindStringSubmatch(found)[1]]; is {
			return value
		}
		return found
	})
}

// environment is the one that this process has.
var environment sync.Mutex

// within calls do with variables set in this process, and with nothing else changed afterwards.
func within(env map[string]string, do func() error) error {
	environment.Lock()
	defer environment.Unlock()
	for name, value := range env {
		old, was := os.LookupEnv(name)
		os.Setenv(name, value)
		defer func() {
			if was {
				os.Setenv(name, old)
			} else {
				os.Unsetenv(name)
			}
		}()
	}
	return do()
}
