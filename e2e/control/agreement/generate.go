// Package agreement compares the verdicts of holdfast verify with a real control plane: it generates random systems from a seed, and keeps
// the table of comparisons.
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

// Systems is the number of random systems in the evidence. CI compares the first of them.
const Systems = 120

// System is a few workloads on a few nodes, with one feature.
type System struct {
	// Name is the name of its namespace, and the prefix of the names of its nodes and zones.
	Name  string
	Nodes []cluster.Node
	// Zones are the names of the zones, in order.
	Zones []string
	// Objects are its manifests, Workloads the generated properties of the workloads among them.
	Objects   []map[string]any
	Workloads []Workload
	// Next systems are compared on the next version of Kubernetes, too.
	Next bool
	// Unready: not every pod becomes ready. The first placement is not compared, because verify assumes that pods become ready.
	Unready bool
	// Refused: the API server may refuse pods for a while. Their controllers then wait up to 17 minutes before they try again.
	Refused bool
	// Late objects are created after the first placement.
	Late []map[string]any
	// ZoneFails selects the last event: the failure of a zone instead of a node.
	ZoneFails bool
	// About describes nodes and workloads in words.
	About []string
}

// Workload is a Deployment, a StatefulSet or a Rollout of Argo Rollouts. Its pods are labelled app=NAME.
type Workload struct {
	Kind, Name string
	// Replicas is the number of pods in the steady state.
	Replicas int
	// Partition is the number of pods of a StatefulSet, from the lowest ordinal, that keep their template.
	Partition int
}

// Own selects the pods of the workload from the pods of its system.
func (w Workload) Own(pods []corev1.Pod) []corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return p.Labels["app"] != w.Name })
}

// Requirement is what verify tries to prove, as --survives takes it.
func (s System) Requirement() string {
	if len(s.Zones) > 1 {
		return "zone"
	}
	return "node"
}

// Manifests returns the objects as YAML.
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

// dice makes reproducible random choices.
type dice struct{ *rand.Rand }

func (d dice) in(percent int) bool { return d.IntN(100) < percent }

func one[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// The label and the taint that some nodes have.
const (
	disk      = "disk"
	dedicated = "dedicated"
)

// Generate returns the i-th random system of a seed. The API server accepts all of them; not every one is useful.
func Generate(seed uint64, i int) System {
	d := dice{rand.New(rand.NewPCG(seed, uint64(i)))}
	s := System{Name: fmt.Sprintf("agree-%03d", i), Next: i/len(features)%2 == 1}
	f := features[i%len(features)]
	if f.all != nil {
		f.all(&s, d)
		s.ZoneFails = len(s.Zones) > 1
		return s
	}
	size := s.nodes(d)
	for j, name := range []string{"a", "b"}[:one(d, 1, 1, 2)] {
		w := s.workload(d, name, size, f.kinds)
		if j == 0 && f.add != nil {
			f.add(&s, d, w)
		}
		s.add(d, w)
	}
	s.ZoneFails = len(s.Zones) > 1 && d.in(50)
	return s
}

// feature is a property of the first workload of a system, or of the whole system.
type feature struct {
	name string
	// kinds are the kinds of workloads, nil for any.
	kinds []string
	// add adds it to the system and the workload; nil for none.
	add func(*System, dice, *draft)
	// all generates the whole system instead; nil for the common generator.
	all func(*System, dice)
}

// features take turns, so that each part of the systems has all of them. Each has a file of its own.
var features = []feature{
	{name: "none"},
	{name: "own volumes", kinds: []string{statefulSet}, add: ownVolumes},
	{name: "shared volume", kinds: []string{deployment}, add: sharedVolume},
	{name: "pods that are not ready", add: unreadyPods},
	{name: "quota", kinds: []string{deployment, statefulSet}, add: quota},
	{name: "autoscaler", kinds: []string{deployment, statefulSet}, add: autoscaler},
	{name: "rollout", kinds: []string{deployment}, add: rollout},
	{name: "webhook", kinds: []string{deployment, statefulSet}, add: webhook},
	{name: "unavailable pods of a StatefulSet", kinds: []string{statefulSet}, add: maxUnavailable},
	{name: "provable", all: provable},
}

// draft is a workload that is being generated.
type draft struct {
	Workload
	apiVersion string
	// spec is its spec, pod that of its template, and annotations are those of the template.
	spec, pod, annotations object
	// replication is the replication that its annotation has for verify; "" for none.
	replication string
	about       []string
}

func (w *draft) describe(format string, args ...any) {
	w.about = append(w.about, fmt.Sprintf(format, args...))
}

// replicationAnnotation is the annotation from which verify reads the replication of a workload.
const replicationAnnotation = "holdfast-ha.github.io/replication"

// The kinds of workloads.
const (
	deployment  = "Deployment"
	statefulSet = "StatefulSet"
)

// add adds a workload and its budgets.
func (s *System) add(d dice, w *draft) {
	s.create(w)
	s.budgets(d, w.Name, w.Replicas, w.describe)
	s.About = append(s.About, strings.Join(w.about, ", "))
}

// create adds the object of a workload.
func (s *System) create(w *draft) {
	w.spec["template"] = object{"metadata": object{"labels": object{"app": w.Name, "tier": "all"}, "annotations": w.annotations}, "spec": w.pod}
	metadata := s.named(w.Name)
	if w.replication != "" {
		metadata["annotations"] = object{replicationAnnotation: w.replication}
	}
	s.Objects = append(s.Objects, object{"apiVersion": w.apiVersion, "kind": w.Kind, "metadata": metadata, "spec": w.spec})
	s.Workloads = append(s.Workloads, w.Workload)
}

// nodes generates the nodes, and returns the number of CPUs of each.
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

// workload generates a workload of one of some kinds.
func (s *System) workload(d dice, name string, size int, kinds []string) *draft {
	if kinds == nil {
		kinds = []string{deployment, deployment, statefulSet}
	}
	w := &draft{Workload: Workload{Kind: one(d, kinds...), Name: name, Replicas: 1 + d.IntN(5)}, apiVersion: "apps/v1", annotations: object{}}
	w.describe("%s %s of %d", w.Kind, name, w.Replicas)
	w.pod = object{"terminationGracePeriodSeconds": 1}
	cpu := one(d, "100m", "100m", "500m", "1", fmt.Sprint(size/2), fmt.Sprintf("%dm", 600*size))
	w.describe("%s CPU", cpu)
	w.pod["containers"] = []any{object{"name": "c", "image": "example.com/c", "resources": object{"requests": object{"cpu": cpu}}}}
	tolerations := []any{}
	unreachable := object{"key": corev1.TaintNodeUnreachable, "operator": "Exists", "effect": "NoExecute"}
	if d.in(15) {
		w.describe("tolerates unreachable nodes without end")
	} else {
		unreachable["tolerationSeconds"] = 1
	}
	tolerations = append(tolerations, unreachable)
	if d.in(25) {
		w.describe("tolerates the taint")
		tolerations = append(tolerations, object{"key": dedicated, "operator": "Exists"})
	}
	w.pod["tolerations"] = tolerations
	if d.in(12) {
		w.describe("only on fast disks")
		w.pod["nodeSelector"] = object{disk: "fast"}
	}
	if spread := drawSpread(d, w.Kind, name, w.describe); len(spread) > 0 {
		w.pod["topologySpreadConstraints"] = spread
	}
	if affinity := drawAffinity(d, name, w.describe); len(affinity) > 0 {
		w.pod["affinity"] = affinity
	}
	w.spec = object{"replicas": w.Replicas, "selector": object{"matchLabels": object{"app": name}}}
	if w.Kind == deployment {
		w.spec["strategy"] = drawStrategy(d, w.describe)
		w.spec["progressDeadlineSeconds"] = 600
		return w
	}
	w.spec["serviceName"] = name
	w.spec["podManagementPolicy"] = one(d, "OrderedReady", "Parallel")
	w.describe("%s", w.spec["podManagementPolicy"])
	if d.in(20) {
		w.Partition = d.IntN(w.Replicas + 1)
		w.spec["updateStrategy"] = object{"type": "RollingUpdate", "rollingUpdate": object{"partition": w.Partition}}
		w.describe("partition %d", w.Partition)
	}
	return w
}

// named returns the metadata of an object.
func (s *System) named(name string) object { return object{"name": name, "namespace": s.Name} }

// drawStrategy generates the update strategy of a Deployment.
func drawStrategy(d dice, describe func(string, ...any)) object {
	if d.in(8) {
		describe("strategy Recreate")
		return object{"type": "Recreate"}
	}
	pair := one(d, [2]any{"25%", "25%"}, [2]any{1, 0}, [2]any{1, 0}, [2]any{0, 1}, [2]any{2, 1}, [2]any{"100%", 0}, [2]any{0, "50%"})
	describe("maxSurge %v, maxUnavailable %v", pair[0], pair[1])
	return object{"type": "RollingUpdate", "rollingUpdate": object{"maxSurge": pair[0], "maxUnavailable": pair[1]}}
}
