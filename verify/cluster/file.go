package cluster

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/api/validate/content"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"github.com/holdfast-ha/holdfast/verify/apiserver"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// File is a cluster file that describes nodes in groups.
type File struct {
	// Nodes are the groups of nodes.
	Nodes []Group `yaml:"nodes" json:"nodes"`
}

// Group is a group of equal nodes.
type Group struct {
	// Name is the name of the node; several nodes are named NAME-1, NAME-2 and so on. It is required.
	Name string `yaml:"name" json:"name"`
	// Count is the number of nodes, by default 1.
	Count *int `yaml:"count" json:"count"`
	// Zone is the value of the label topology.kubernetes.io/zone, by default none.
	Zone string `yaml:"zone" json:"zone"`
	// Labels are more labels. The label kubernetes.io/hostname is the name of the node.
	Labels map[string]string `yaml:"labels" json:"labels"`
	// Taints are the taints of each node.
	Taints []Taint `yaml:"taints" json:"taints"`
	// Capacity is the capacity of each node by resource, by default 16 CPUs, 64Gi of memory and 110 pods. All of it is allocatable.
	Capacity map[string]string `yaml:"capacity" json:"capacity"`
}

// Taint is a taint of a node.
type Taint struct {
	// Key is the key of the taint. It is required.
	Key string `yaml:"key" json:"key"`
	// Value is the value of the taint, by default empty.
	Value string `yaml:"value" json:"value"`
	// Effect is NoSchedule, PreferNoSchedule or NoExecute. It is required.
	Effect string `yaml:"effect" json:"effect"`
}

// Parse reads a cluster from the text of a file: the output of "kubectl get nodes -o yaml", or a File:
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
	for _, o := range objects {
		if !IsNode(o) {
			return Cluster{}, o.Errorf(nil, "is not a Node: a cluster file has only Nodes. Nodes among other objects are read as the cluster without the cluster file")
		}
	}
	return of(file, objects)
}

// Of returns the Nodes among manifests as a cluster. It is not described if there are none. Errors start with file, line and key.
func Of(objects []*manifest.Object) (Cluster, error) {
	nodes := slices.DeleteFunc(slices.Clone(objects), func(o *manifest.Object) bool { return !IsNode(o) })
	if len(nodes) == 0 {
		return Cluster{}, nil
	}
	c, err := of(nodes[0].File, nodes)
	c.InManifests = true
	return c, err
}

// IsNode reports whether an object is a Node.
func IsNode(o *manifest.Object) bool { return o.Kind == "Node" && o.Group() == "" }

// of returns objects that are all Nodes as a cluster.
func of(file string, objects []*manifest.Object) (Cluster, error) {
	if err := apiserver.Check(objects, 0); err != nil {
		return Cluster{}, err
	}
	var nodes []*corev1.Node
	for _, o := range objects {
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
	var all File
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
func (g Group) nodes() ([]*corev1.Node, error) {
	count := 1
	if g.Count != nil {
		count = *g.Count
	}
	if count < 1 || count > most {
		return nil, fmt.Errorf("count: is %d: want 1 to %d", count, most)
	}
	if err := g.checkNames(); err != nil {
		return nil, err
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
	}
	for _, name := range slices.Sorted(maps.Keys(g.Capacity)) {
		text := g.Capacity[name]
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return nil, fmt.Errorf("capacity.%s: is %q: want a quantity, like 4 or 16Gi", name, text)
		}
		if err := apiserver.CheckQuantity(corev1.ResourceName(name), quantity); err != nil {
			return nil, fmt.Errorf("capacity.%s: is %q: %w", name, text, err)
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

// checkNames returns an error for a name, label or taint that the API server refuses. It starts with the key.
func (g Group) checkNames() error {
	if g.Name == "" {
		return errors.New("name: is missing")
	}
	if wrong := content.IsDNS1123Subdomain(g.Name); wrong != nil {
		return fmt.Errorf("name: is %q: %s", g.Name, wrong[0])
	}
	if wrong := content.IsLabelValue(g.Zone); wrong != nil {
		return fmt.Errorf("zone: is %q: %s", g.Zone, wrong[0])
	}
	for _, key := range slices.Sorted(maps.Keys(g.Labels)) {
		if wrong := append(content.IsLabelKey(key), content.IsLabelValue(g.Labels[key])...); wrong != nil {
			return fmt.Errorf("labels: has %q: %q: %s", key, g.Labels[key], wrong[0])
		}
	}
	for i, t := range g.Taints {
		if t.Key == "" {
			return fmt.Errorf("taints[%d].key: is missing", i)
		}
		if wrong := content.IsLabelKey(t.Key); wrong != nil {
			return fmt.Errorf("taints[%d].key: is %q: %s", i, t.Key, wrong[0])
		}
		if wrong := content.IsLabelValue(t.Value); wrong != nil {
			return fmt.Errorf("taints[%d].value: is %q: %s", i, t.Value, wrong[0])
		}
	}
	return nil
}

// most is the largest number of nodes that can be generated: twice the limit that Kubernetes is tested for.
const most = 10_000
