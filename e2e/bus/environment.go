package bus

import (
	"fmt"
	"os"
	"regexp"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// Pod has the fields of a pod that containers may read.
type Pod struct{ Name, Namespace, Node, Zone string }

// Environment returns the environment of a container with a list of variables; data has the Secrets.
func (p Pod) Environment(list []corev1.EnvVar, data Data) (map[string]string, error) {
	env := map[string]string{}
	for _, v := range list {
		value := expand(v.Value, env)
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			ref := v.ValueFrom.SecretKeyRef
			text, ok := data["Secret/"+ref.Name][ref.Key]
			if !ok {
				return nil, fmt.Errorf("env %s: Secret %s has no key %s", v.Name, ref.Name, ref.Key)
			}
			value = text
		} else if v.ValueFrom != nil {
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
		return "", fmt.Errorf("unsupported source: only fields of the pod are supported")
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
	return "", fmt.Errorf("unsupported field %s", ref.FieldPath)
}

var variable = regexp.MustCompile(`\$\((\w+)\)`)

// expand replaces $(NAME) by the value of a variable defined before, like the kubelet.
func expand(text string, known map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := known[variable.FindStringSubmatch(found)[1]]; ok {
			return value
		}
		return found
	})
}

// environment is locked while variables of this process are changed.
var environment sync.Mutex

// within calls do with variables set in this process, and restores them.
func within(env map[string]string, do func() error) error {
	environment.Lock()
	defer environment.Unlock()
	for name, value := range env {
		old, ok := os.LookupEnv(name)
		os.Setenv(name, value)
		defer func() {
			if ok {
				os.Setenv(name, old)
			} else {
				os.Unsetenv(name)
			}
		}()
	}
	return do()
}
