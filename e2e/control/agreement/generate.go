// Package agreement holds what holdfast verify says against what a real control plane does: the workloads on which both are
// tried, drawn from a seed, and the table of what was compared.
package agreement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
)

// System is a few workloads on a few nodes.
type System struct {
	// Name is that of its namespace, and the beginning of its nodes' and zones' names.
	Name  string
	Nodes []cluster.Node
	// Zones are the names of the zones, in order.
	Zones []string
	// Objects are its manifests, Workloads what is drawn of the workloads among them.
	Objects   []map[string]any
	Workloads []Workload
	// LosesZone: in the end it loses a zone, otherwise a node.
	LosesZone bool
	// About says in words what was drawn.
	About []string
}

// Workload is a Deployment or a StatefulSet. Its pods are labelled app=NAME.
type Workload struct {
	Kind, Name string
	Replicas   int
	// Partition is how many pods of a StatefulSet keep their template, those of the lowest ordinals.
	Partition int
}

// Own are the pods of the workload, among those of its system.
func (w Workload) Own(pods []corev1.Pod) []corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return p.Labels["app"] != w.Name })
}

// Manifests are the objects as text.
func (s System) Manifests() (string, error) {
	var all strings.Builder
	for _, o := range s.Objects {
		text, err := yaml.Marshal(o)
		if err != nil {
			return "", err
		}
		all.WriteString("---\n" + string(text))
	}
	return all.String(), nil
}

// object is a part of a manifest.
type object = map[string]any

// dice draws lots that are the same for a seed.
type dice struct{ *rand.Rand }

func (d dice) in(percent int) bool { return d.IntN(100) < percent }

func one[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// The label and the taint by which some nodes are apart from others.
const (
	disk      = "disk"
	dedicated = "dedicated"
)

// Generate draws the i-th system of a seed. Everything that may be drawn is allowed by the API; that it makes sense is not asked.
func Generate(seed uint64, i int) System {
	d := dice{rand.New(rand.NewPCG(seed, uint64(i)))}
	s := System{Name: fmt.Sprintf("agree-%02d", i)}
	size := s.nodes(d)
	for _, name := range []string{"a", "b"}[:one(d, 1, 1, 2)] {
		s.workload(d, name, size)
	}
	s.LosesZone = len(s.Zones) > 1 && d.in(50)
	return s
}

// nodes draws the nodes, and returns how many CPUs each has.
func (s *System) nodes(d dice) int {
	count, size := one(d, 1, 2, 3, 3, 4, 5, 6), one(d, 2, 4, 4, 16)
	zones := min(count, one(d, 1, 2, 3, 3))
	for z := range zones {
		s.Zones = append(s.Zones, fmt.Sprintf("%s-%c", s.Name, 'a'+z))
	}
	tainted, fast := 0, 0
	for n := range count {
		node := cluster.Node{Name: fmt.Sprintf("%s-%d", s.Name, n), Zone: s.Zones[n%zones], Labels: map[string]string{},
			Size: corev1.ResourceList{corev1.ResourceCPU: *resource.NewQuantity(int64(size), resource.DecimalSI), corev1.ResourceMemory: resource.MustParse("16Gi"), corev1.ResourcePods: resource.MustParse("110")}}
		if n > 0 && d.in(15) {
			tainted++
			node.Taints = []corev1.Taint{{Key: dedicated, Value: "others", Effect: corev1.TaintEffectNoSchedule}}
		}
		if d.in(60) {
			fast++
			node.Labels[disk] = "fast"
		}
		s.Nodes = append(s.Nodes, node)
	}
	s.About = append(s.About, fmt.Sprintf("%d nodes of %d CPU in %d zones, %d tainted, %d with a fast disk", count, size, zones, tainted, fast))
	return size
}

// workload draws a workload and its budgets.
func (s *System) workload(d dice, name string, size int) {
	kind, replicas, partition := one(d, "Deployment", "Deployment", "StatefulSet"), 1+d.IntN(5), 0
	about := []string{fmt.Sprintf("%s %s of %d", kind, name, replicas)}
	say := func(what string, of ...any) { about = append(about, fmt.Sprintf(what, of...)) }

	pod := object{"terminationGracePeriodSeconds": 1}
	cpu := one(d, "100m", "100m", "500m", "1", fmt.Sprint(size/2), fmt.Sprintf("%dm", 600*size))
	say("%s CPU", cpu)
	pod["containers"] = []any{object{"name": "c", "image": "example.com/c", "resources": object{"requests": object{"cpu": cpu}}}}
	tolerations := []any{}
	stays := object{"key": corev1.TaintNodeUnreachable, "operator": "Exists", "effect": "NoExecute"}
	if d.in(15) {
		say("stays on lost nodes")
	} else {
		stays["tolerationSeconds"] = 1
	}
	tolerations = append(tolerations, stays)
	if d.in(25) {
		say("tolerates the taint")
		tolerations = append(tolerations, object{"key": dedicated, "operator": "Exists"})
	}
	pod["tolerations"] = tolerations
	if d.in(12) {
		say("on fast disks")
		pod["nodeSelector"] = object{disk: "fast"}
	}
	if spread := drawSpread(d, kind, name, say); len(spread) > 0 {
		pod["topologySpreadConstraints"] = spread
	}
	if affinity := drawAffinity(d, name, say); len(affinity) > 0 {
		pod["affinity"] = affinity
	}

	spec := object{"replicas": replicas, "selector": object{"matchLabels": object{"app": name}},
		"template": object{"metadata": object{"labels": object{"app": name, "tier": "all"}}, "spec": pod}}
	if kind == "Deployment" {
		spec["strategy"] = drawStrategy(d, say)
		spec["progressDeadlineSeconds"] = 600
	} else {
		spec["serviceName"] = name
		spec["podManagementPolicy"] = one(d, "OrderedReady", "Parallel")
		say("%s", spec["podManagementPolicy"])
		if d.in(20) {
			partition = d.IntN(replicas + 1)
			spec["updateStrategy"] = object{"type": "RollingUpdate", "rollingUpdate": object{"partition": partition}}
			say("partition %d", partition)
		}
	}
	s.Objects = append(s.Objects, object{"apiVersion": "apps/v1", "kind": kind, "metadata": s.named(name), "spec": spec})
	s.Workloads = append(s.Workloads, Workload{kind, name, replicas, partition})
	s.budgets(d, name, replicas, say)
	s.About = append(s.About, strings.Join(about, ", "))
}

// named is the metadata of an object.
func (s *System) named(name string) object { return object{"name": name, "namespace": s.Name} }

// drawStrategy draws how a Deployment rolls.
func drawStrategy(d dice, say func(string, ...any)) object {
	if d.in(8) {
		say("recreated")
		return object{"type": "Recreate"}
	}
	pair := one(d, [2]any{"25%", "25%"}, [2]any{1, 0}, [2]any{1, 0}, [2]any{0, 1}, [2]any{2, 1}, [2]any{"100%", 0}, [2]any{0, "50%"})
	say("surge %v, unavailable %v", pair[0], pair[1])
	return object{"type": "RollingUpdate", "rollingUpdate": object{"maxSurge": pair[0], "maxUnavailable": pair[1]}}
}
