package chart

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// probe is a probe of a container: Key is its field, Handler its action as YAML. The timing is the profile's.
type probe struct{ Key, Handler string }

// Handlers lists the component's probes.
func (c component) Handlers() ([]probe, error) {
	var all []probe
	for _, p := range []struct {
		key     string
		handler yaml.Node
	}{{"startupProbe", c.Probes.Startup}, {"readinessProbe", c.Probes.Ready}, {"livenessProbe", c.Probes.Alive}} {
		text, err := toYAML(block(p.handler))
		if err != nil {
			return nil, err
		}
		if text != "" {
			all = append(all, probe{p.key, text})
		}
	}
	return all, nil
}

// PreStop returns the container's preStop hook as YAML; "" if it has none.
func (c component) PreStop() (string, error) {
	switch {
	case c.Drain == nil, len(c.Drain.Command) == 0 && c.Drain.SleepSeconds == 0: // the API server refuses a sleep of 0 before Kubernetes 1.33
		return "", nil
	case len(c.Drain.Command) > 0:
		return toYAML(map[string]any{"exec": map[string]any{"command": c.Drain.Command}})
	default:
		return toYAML(map[string]any{"sleep": map[string]any{"seconds": c.Drain.SleepSeconds}})
	}
}

// ContainerFields returns the container's fields in the stack, without those that the template extends.
func (c component) ContainerFields() (string, error) {
	return toYAML(without(c.Container, "env", "volumeMounts"))
}

// PodFields returns the pod's fields in the stack, without those that the template extends.
func (c component) PodFields() (string, error) { return toYAML(without(c.Pod, "volumes")) }

// Env returns the container's environment variables: those for the election, and those in the stack.
func (c component) Env() (string, error) { return list(c.electionEnv(), field(c.Container, "env")) }

// electionVariables tell a program about itself and its Lease: names of variables, and where their values come from.
var electionVariables = [][2]string{
	{"POD_NAME", "metadata.name"},
	{"POD_NAMESPACE", "metadata.namespace"},
	{"LEASE_NAME", ""},
	{"LEASE_DURATION", "{{ $c.election.leaseDuration | quote }}"},
	{"LEASE_RENEW_DEADLINE", "{{ $c.election.renewDeadline | quote }}"},
	{"LEASE_RETRY_PERIOD", "{{ $c.election.retryPeriod | quote }}"},
}

// electionEnv returns the variables of an election by Lease. The stack's own variable of the same name takes precedence.
func (c component) electionEnv() []*yaml.Node {
	if !c.Elects() {
		return nil
	}
	var all []*yaml.Node
	for _, v := range electionVariables {
		name, from := v[0], v[1]
		switch {
		case slices.ContainsFunc(field(c.Container, "env").Content, func(n *yaml.Node) bool { return field(*n, "name").Value == name }):
		case name == "LEASE_NAME":
			all = append(all, ordered("name", name, "value", c.Fullname()))
		case strings.HasPrefix(from, "metadata."):
			all = append(all, ordered("name", name, "valueFrom", ordered("fieldRef", ordered("fieldPath", from))))
		default:
			all = append(all, ordered("name", name, "value", from))
		}
	}
	return all
}

// VolumeMounts returns the mounts of the PVC, the configuration and the stack's own volumes.
func (c component) VolumeMounts() (string, error) {
	var all []*yaml.Node
	for _, claim := range c.Storage {
		all = append(all, ordered("name", claim.Name, "mountPath", claim.Path))
	}
	if len(c.ConfigFiles()) > 0 {
		all = append(all, ordered("name", "config", "mountPath", c.Config.Path, "readOnly", true))
	}
	return list(all, field(c.Container, "volumeMounts"))
}

// Volumes returns the volume of the configuration and the stack's own volumes.
func (c component) Volumes() (string, error) {
	var all []*yaml.Node
	if len(c.ConfigFiles()) > 0 {
		all = append(all, ordered("name", "config", "configMap", ordered("name", c.ConfigOwner().Fullname())))
	}
	return list(all, field(c.Pod, "volumes"))
}

// list returns first and the items of node as one YAML list; nothing for an empty list.
func list(first []*yaml.Node, node yaml.Node) (string, error) {
	all := yaml.Node{Kind: yaml.SequenceNode, Content: append(first, node.Content...)}
	if len(all.Content) == 0 {
		return "", nil
	}
	return toYAML(all)
}

// ordered returns a mapping that keeps the order of its keys; keys and values alternate in pairs.
func ordered(pairs ...any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for _, v := range pairs {
		node, ok := v.(*yaml.Node)
		if !ok {
			node = &yaml.Node{}
			_ = node.Encode(v) // strings and booleans always encode
		}
		m.Content = append(m.Content, node)
	}
	return m
}

// block returns node with every collection in it in block style, one item on each line.
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

// field returns the value of a mapping's key, or zero if there is none.
func field(mapping yaml.Node, key string) yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return *mapping.Content[i+1]
		}
	}
	return yaml.Node{}
}

// without returns the mapping without some keys, or zero if none remain.
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
