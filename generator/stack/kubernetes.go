package stack

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/similar"
	"github.com/holdfast-ha/holdfast/internal/strict"
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kjson "sigs.k8s.io/json"
	kyaml "sigs.k8s.io/yaml"
)

// writtenFields are the fields of pod and container that the chart sets itself, with what to write instead.
var writtenFields = map[string]map[string]string{
	"pod": {
		"containers":                    "write the fields of the component's container into container, and further containers into sidecars",
		"serviceAccountName":            "the chart creates a ServiceAccount for each component: write its permissions into rules",
		"serviceAccount":                "the chart creates a ServiceAccount for each component: write its permissions into rules",
		"terminationGracePeriodSeconds": "it follows from drain: write the time to stop into drain.seconds",
		"topologySpreadConstraints":     "the profile decides it. Users change it by the value of this name",
		"affinity":                      "it is a value of the component: users set it in their values",
		"nodeSelector":                  "it is a value of the component: users set it in their values",
		"tolerations":                   "it is a value of the component: users set it in their values",
		"priorityClassName":             "it is a value of the component: users set it in their values",
		"imagePullSecrets":              "it is a value of the chart: users set it in their values",
		"restartPolicy":                 "it follows from replication: remove it",
		"nodeName":                      "it pins every pod to one node: remove it",
	},
	"container": {
		"name":            "it is the component's name: remove it",
		"image":           "write it into image of the component",
		"imagePullPolicy": "it is a value of the component, image.pullPolicy: users set it in their values",
		"ports":           "write them into ports of the component",
		"startupProbe":    "the profile decides its timing: write the handler into probes.startup",
		"readinessProbe":  "the profile decides its timing: write the handler into probes.ready",
		"livenessProbe":   "the profile decides its timing: write the handler into probes.alive",
		"lifecycle":       "it follows from drain: write the command or the sleep into drain",
		"resources":       "write them into resources of the component",
	},
	"helper": {
		"name":            "write it into name beside container",
		"image":           "write it into image beside container",
		"imagePullPolicy": "it is a value of the container, image.pullPolicy: users set it in their values",
		"ports":           "write them into ports of the component, with the key sidecar",
		"resources":       "write them into resources beside container",
		"restartPolicy":   "it follows from sidecars or initContainers: remove it",
	},
}

// kubernetesFields checks the copied fields: each must be a field of its Kubernetes type, and none may be one that the chart sets.
func (c *checker) kubernetesFields(at string, one Component) {
	c.typed(at+".container", one.Container, corev1.Container{})
	c.typed(at+".pod", one.Pod, corev1.PodSpec{})
	c.typed(at+".resources", one.Resources, corev1.ResourceRequirements{})
	c.typed(at+".rules", one.Rules, []rbacv1.PolicyRule{})
	c.typed(at+".clusterRules", one.ClusterRules, []rbacv1.PolicyRule{})
	for i, p := range one.Ports {
		for j, from := range p.From {
			if from.Kind != yaml.ScalarNode {
				c.typed(fmt.Sprintf("%s.ports.%d.from.%d", at, i, j), from, networkingv1.NetworkPolicyPeer{})
			}
		}
	}
	for key, handler := range map[string]yaml.Node{"startup": one.Probes.Startup, "ready": one.Probes.Ready, "alive": one.Probes.Alive} {
		c.typed(at+".probes."+key, handler, corev1.ProbeHandler{})
		c.probePort(at+".probes."+key, handler, one)
	}
	c.written("pod", one.Pod, writtenFields["pod"])
	c.written("container", one.Container, writtenFields["container"])
	c.mounts(one)
}

// written adds the fields of node that the chart sets itself; instead has what to write for each.
func (c *checker) written(prefix string, node yaml.Node, instead map[string]string) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if text, ok := instead[node.Content[i].Value]; ok {
			c.faultAt(node.Content[i].Line, prefix+"."+node.Content[i].Value, "cannot be set here: "+text)
		}
	}
}

// typed adds the keys that a Kubernetes type does not have, and values of the wrong type. A value with a Helm expression may have
// any type.
func (c *checker) typed(at string, node yaml.Node, into any) {
	if node.IsZero() {
		return
	}
	steps := strings.Split(at, ".")
	prefix := key(steps[2:])
	plain := withoutExpressions(node)
	for _, e := range strict.TypeErrors(&plain, into, "json", decodeKubernetes) {
		c.faultAt(e.Line, join(prefix, e.Key), fmt.Sprintf("is %s: want %s", e.Given, e.Want))
	}
	for _, u := range strict.UnknownKeys(&plain, reflect.TypeOf(into), "json") {
		c.faultAt(u.Line, join(prefix, u.Key), "Kubernetes has no such field: "+similar.Hint(u.Name, u.Known)+"see kubectl explain")
	}
}

func decodeKubernetes(n *yaml.Node, into any) error {
	text, err := yaml.Marshal(n)
	if err != nil {
		return err
	}
	if text, err = kyaml.YAMLToJSON(text); err != nil {
		return err
	}
	return kjson.UnmarshalCaseSensitivePreserveInts(text, into)
}

// withoutExpressions returns a copy of node without the values that are one Helm expression, whose types are known only to Helm.
func withoutExpressions(node yaml.Node) yaml.Node {
	isExpression := func(n *yaml.Node) bool {
		return n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "{{") && strings.HasSuffix(n.Value, "}}")
	}
	rest := node
	rest.Content = nil
	step := 1
	if node.Kind == yaml.MappingNode {
		step = 2
	}
	for i := step - 1; i < len(node.Content); i += step {
		if isExpression(node.Content[i]) {
			continue
		}
		inner := withoutExpressions(*node.Content[i])
		if step == 2 {
			rest.Content = append(rest.Content, node.Content[i-1])
		}
		rest.Content = append(rest.Content, &inner)
	}
	return rest
}

// probePort checks that a named port of a probe is a port of the component: kubelet would fail every probe.
func (c *checker) probePort(at string, handler yaml.Node, one Component) {
	for _, action := range []string{"httpGet", "tcpSocket"} {
		_, port := strict.Child(&handler, action)
		if port == nil {
			continue
		}
		if _, port = strict.Child(port, "port"); port == nil || port.Kind != yaml.ScalarNode || strings.Contains(port.Value, "{{") {
			continue
		}
		if _, err := strconv.Atoi(port.Value); err == nil {
			continue
		}
		if !slices.ContainsFunc(one.Ports, func(p Port) bool { return p.Name == port.Value }) {
			c.faultAt(port.Line, key(strings.Split(at, ".")[2:])+"."+action+".port", fmt.Sprintf("the component has no port %q", port.Value))
		}
	}
}

// mounts checks volumes and their mounts: names and paths are unique, also beside those of the chart, and each mount has a volume.
func (c *checker) mounts(one Component) {
	volumes, paths := map[string]string{}, map[string]string{}
	for _, claim := range one.Storage {
		if other, twice := paths[claim.Path]; twice {
			c.faultAt(one.Line, "storage", fmt.Sprintf("%s is also the mount path of %s: choose another", claim.Path, other))
		}
		volumes[claim.Name], paths[claim.Path] = "storage", "storage.path"
	}
	if one.Config.Path != "" {
		volumes["config"], paths[one.Config.Path] = "config", "config.path"
	}
	for _, item := range list(one.Pod, "volumes") {
		_, name := strict.Child(item, "name")
		if name == nil {
			c.faultAt(item.Line, "pod.volumes", "a volume needs a name")
			continue
		}
		if other, twice := volumes[name.Value]; twice {
			c.faultAt(name.Line, "pod.volumes", fmt.Sprintf("%q is also the name of a volume of %s: choose another", name.Value, other))
		}
		volumes[name.Value] = "pod.volumes"
	}
	c.containerMounts("container", one.Container, volumes, paths)
	for key, helpers := range map[string][]Helper{"initContainers": one.InitContainers, "sidecars": one.Sidecars} {
		for i, h := range helpers {
			c.containerMounts(fmt.Sprintf("%s[%d].container", key, i), h.Container, volumes, map[string]string{})
		}
	}
}

// containerMounts checks the mounts and the variables of one container. Volumes has all volumes of the pod, paths those in use.
func (c *checker) containerMounts(prefix string, container yaml.Node, volumes, paths map[string]string) {
	for _, item := range list(container, "volumeMounts") {
		_, name := strict.Child(item, "name")
		_, mount := strict.Child(item, "mountPath")
		if name == nil || mount == nil {
			c.faultAt(item.Line, prefix+".volumeMounts", "a mount needs name and mountPath")
			continue
		}
		if _, ok := volumes[name.Value]; !ok && !strings.Contains(name.Value, "{{") {
			c.faultAt(name.Line, prefix+".volumeMounts", fmt.Sprintf("no volume has the name %q: add it to pod.volumes", name.Value))
		}
		if other, twice := paths[mount.Value]; twice {
			c.faultAt(mount.Line, prefix+".volumeMounts", fmt.Sprintf("%s is also the mount path of %s: choose another", mount.Value, other))
		}
		paths[mount.Value] = "another mount"
	}
	names := map[string]bool{}
	for _, item := range list(container, "env") {
		_, name := strict.Child(item, "name")
		switch {
		case name == nil:
			c.faultAt(item.Line, prefix+".env", "a variable needs a name")
		case names[name.Value]:
			c.faultAt(name.Line, prefix+".env", fmt.Sprintf("%s is there twice", name.Value))
		default:
			names[name.Value] = true
		}
	}
}

// list returns the items of a mapping's list; nil if the key is missing or no list.
func list(mapping yaml.Node, key string) []*yaml.Node {
	_, value := strict.Child(&mapping, key)
	if value == nil || value.Kind != yaml.SequenceNode {
		return nil
	}
	return value.Content
}

// clusterResources are common resources without a namespace: a Role does not give access to them.
var clusterResources = []string{"nodes", "namespaces", "persistentvolumes", "storageclasses", "clusterroles", "clusterrolebindings",
	"customresourcedefinitions", "priorityclasses", "ingressclasses", "volumeattachments", "csinodes", "csidrivers", "runtimeclasses"}

// rules checks the permissions. Those of rules apply in the namespace of the release only.
func (c *checker) rules(one Component) {
	for _, rule := range items(one.Rules) {
		for _, resource := range list(*rule, "resources") {
			if slices.Contains(clusterResources, resource.Value) {
				c.faultAt(resource.Line, "rules", fmt.Sprintf("%s have no namespace, so that a Role does not give access to them: write the rule into clusterRules", resource.Value))
			}
		}
		for _, url := range list(*rule, "nonResourceURLs") {
			c.faultAt(url.Line, "rules", fmt.Sprintf("%s has no namespace, so that a Role does not give access to it: write the rule into clusterRules", url.Value))
		}
	}
	for key, rules := range map[string]yaml.Node{"rules": one.Rules, "clusterRules": one.ClusterRules} {
		for i, rule := range items(rules) {
			if len(list(*rule, "verbs")) == 0 {
				c.faultAt(rule.Line, fmt.Sprintf("%s[%d]", key, i), "verbs must be set")
			}
		}
	}
}

// items returns the items of a list; nil if node is no list.
func items(node yaml.Node) []*yaml.Node {
	if node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}

// faultAt adds a fault of the component at a line.
func (c *checker) faultAt(line int, key, message string) {
	c.faults = append(c.faults, fault{line, fmt.Sprintf("%s: %s: %s", c.component, key, message)})
}

// key is the text of a path: "ports[0].from".
func key(steps []string) string {
	text := ""
	for _, step := range steps {
		if _, err := strconv.Atoi(step); err == nil {
			text += "[" + step + "]"
		} else {
			text += "." + step
		}
	}
	return strings.TrimPrefix(text, ".")
}

// join joins a path and the path of a value below it.
func join(prefix, below string) string {
	if below == "" || strings.HasPrefix(below, "[") {
		return prefix + below
	}
	return prefix + "." + below
}
