package cluster

import (
	"errors"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// group is an entry of a cluster file: equal nodes.
type group struct {
	// Name is the name of a single node; several are named NAME-1, NAME-2 and so on.
	Name string `yaml:"name"`
	// Count is the number of nodes, 1 by default.
	Count    *int              `yaml:"count"`
	Zone     string            `yaml:"zone"`
	Labels   map[string]string `yaml:"labels"`
	Taints   []taint           `yaml:"taints"`
	Capacity map[string]string `yaml:"capacity"`
}

type taint struct {
	Key    string `yaml:"key"`
	Value  string `yaml:"value"`
	Effect string `yaml:"effect"`
}

// Parse reads a cluster from the text of a file: the output of "kubectl get nodes -o yaml", or a map "nodes" with groups of
// equal nodes:
//
//	nodes:
//	  - {name: a, count: 2, zone: eu-1a}
//	  - name: big
//	    zone: eu-1b
//	    labels: {disk: ssd}
//	    taints: [{key: dedicated, value: bus, effect: NoSchedule}]
//	    capacity: {cpu: "4", memory: 8Gi, pods: "110"}
//
// By default a node has 16 CPUs, 64Gi of memory and a capacity of 110 pods. Errors start with file, line and key.
func Parse(file string, text []byte) (Cluster, error) {
	var head map[string]yaml.Node
	if err := yaml.Unmarshal(text, &head); err == nil && len(head["nodes"].Content) > 0 {
		return parseGroups(file, text, head["nodes"].Content)
	}
	objects, err := manifest.Parse(file, text)
	if err != nil {
		return Cluster{}, fmt.Errorf("%w: want a list of Nodes, or a map with the key nodes", err)
	}
	var nodes []*corev1.Node
	for _, o := range objects {
		if o.Kind != "Node" || o.Group() != "" {
			return Cluster{}, o.Errorf(nil, "is not a Node: a cluster file has only Nodes")
		}
		n := new(corev1.Node)
		if err := o.Decode(n); err != nil {
			return Cluster{}, err
		}
		nodes = append(nodes, n)
	}
	return newCluster(file, nodes)
}

// parseGroups reads groups of nodes; at are their positions in the text.
func parseGroups(file string, text []byte, at []*yaml.Node) (Cluster, error) {
	var all struct {
		Nodes []group `yaml:"nodes"`
	}
	if err := strict.Decode(file, text, &all); err != nil {
		return Cluster{}, err
	}
	var nodes []*corev1.Node
	for i, g := range all.Nodes {
		some, err := g.nodes()
		if err != nil {
			return Cluster{}, fmt.Errorf("%s:%d: nodes[%d].%w", file, at[i].Line, i, err)
		}
		nodes = append(nodes, some...)
	}
	return newCluster(file, nodes)
}

// nodes returns the nodes of a group. An error starts with the key.
func (g group) nodes() ([]*corev1.Node, error) {
	count := 1
	if g.Count != nil {
		count = *g.Count
	}
	if count < 1 || count > most {
		return nil, fmt.Errorf("count: is %d: want 1 to %d", count, most)
	}
	if g.Name == "" {
		return nil, errors.New("name: is missing")
	}
	pattern := newNode(g.Name, g.Zone)
	maps.Copy(pattern.Labels, g.Labels)
	for i, t := range g.Taints {
		switch effect := corev1.TaintEffect(t.Effect); effect {
		case corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute:
			pattern.Spec.Taints = append(pattern.Spec.Taints, corev1.Taint{Key: t.Key, Value: t.Value, Effect: effect})
		default:
			return nil, fmt.Errorf("taints[%d].effect: is %q: want NoSchedule, PreferNoSchedule or NoExecute", i, t.Effect)
		}
		if t.Key == "" {
			return nil, fmt.Errorf("taints[%d].key: is missing", i)
		}
	}
	for name, text := range g.Capacity {
		quantity, err := resource.ParseQuantity(text)
		if err != nil || quantity.Sign() < 0 {
			return nil, fmt.Errorf("capacity.%s: is %q: want a quantity, like 4 or 16Gi", name, text)
		}
		pattern.Status.Capacity[corev1.ResourceName(name)] = quantity
		pattern.Status.Allocatable[corev1.ResourceName(name)] = quantity
	}
	var all []*corev1.Node
	for i := range count {
		n := pattern.DeepCopy()
		if count > 1 {
			n.Name = fmt.Sprintf("%s-%0*d", g.Name, len(fmt.Sprint(count)), i+1)
			n.Labels[HostLabel] = n.Name
		}
		all = append(all, n)
	}
	return all, nil
}

// most is the largest number of nodes that can be generated: twice the limit that Kubernetes is tested for.
const most = 10_000
