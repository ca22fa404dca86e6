package chart

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// probe is one of kubelet's questions: Key is its field in a container, Question what it asks. How often is the profile's.
type probe struct{ Key, Question string }

// Asked lists the component's probes.
func (c component) Asked() ([]probe, error) {
	var all []probe
	for _, p := range []struct {
		key      string
		question yaml.Node
	}{{"startupProbe", c.Probes.Startup}, {"readinessProbe", c.Probes.Ready}, {"livenessProbe", c.Probes.Alive}} {
		text, err := toYAML(block(p.question))
		if err != nil {
			return nil, err
		}
		if text != "" {
			all = append(all, probe{p.key, text})
		}
	}
	return all, nil
}

// PreStop is what kubelet does before it stops the container; empty: nothing.
func (c component) PreStop() (string, error) {
	switch {
	case c.Drain == nil:
		return "", nil
	case len(c.Drain.Command) > 0:
		return toYAML(map[string]any{"exec": map[string]any{"command": c.Drain.Command}})
	default:
		return toYAML(map[string]any{"sleep": map[string]any{"seconds": c.Drain.SleepSeconds}})
	}
}

// ContainerFields are the stack's own fields of the container, without those that the template adds to.
func (c component) ContainerFields() (string, error) {
	return toYAML(without(c.Container, "env", "volumeMounts"))
}

// PodFields are the stack's own fields of the pod, without those that the template adds to.
func (c component) PodFields() (string, error) { return toYAML(without(c.Pod, "volumes")) }

// Env is the stack's own environment of the container.
func (c component) Env() (string, error) { return toYAML(field(c.Container, "env")) }

// VolumeMounts are the claim, the configuration and what the stack mounts itself.
func (c component) VolumeMounts() (string, error) {
	var all []any
	if c.Storage != nil {
		all = append(all, ordered("name", "data", "mountPath", c.Storage.Path))
	}
	if len(c.Config.Files) > 0 {
		all = append(all, ordered("name", "config", "mountPath", c.Config.Path, "readOnly", true))
	}
	return list(all, field(c.Container, "volumeMounts"))
}

// Volumes are the configuration and the stack's own.
func (c component) Volumes() (string, error) {
	var all []any
	if len(c.Config.Files) > 0 {
		all = append(all, ordered("name", "config", "configMap", ordered("name", c.Fullname())))
	}
	return list(all, field(c.Pod, "volumes"))
}

// list writes first and then the items of node as one YAML list; nothing for an empty one.
func list(first []any, node yaml.Node) (string, error) {
	for _, item := range node.Content {
		first = append(first, item)
	}
	if len(first) == 0 {
		return "", nil
	}
	return toYAML(first)
}

// ordered is a mapping whose keys stay in the order given, a key and its value by turns.
func ordered(pairs ...any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for _, v := range pairs {
		node, is := v.(*yaml.Node)
		if !is {
			node = &yaml.Node{}
			_ = node.Encode(v) // strings and booleans always encode
		}
		m.Content = append(m.Content, node)
	}
	return m
}

// block is node with every collection in it written one item a line.
func block(node yaml.Node) yaml.Node {
	if len(node.Content) == 0 {
		return node
	}
	node.Style &^= yaml.FlowStyle
	inner := make([]*yaml.Node, len(node.Content))
	for i, n := range node.Content {
		b := block(*n)
		inner[i] = &b
	}
	node.Content = inner
	return node
}

// field is the value of a mapping's key, zero if it has none.
func field(mapping yaml.Node, key string) yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return *mapping.Content[i+1]
		}
	}
	return yaml.Node{}
}

// without is the mapping less some keys; zero if nothing is left.
func without(mapping yaml.Node, keys ...string) yaml.Node {
	rest := mapping
	rest.Content = nil
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if !slices.Contains(keys, mapping.Content[i].Value) {
			rest.Content = append(rest.Content, mapping.Content[i], mapping.Content[i+1])
		}
	}
	if len(rest.Content) == 0 {
		return yaml.Node{}
	}
	return rest
}
