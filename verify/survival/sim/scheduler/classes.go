package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// class is nodes that are equal to the plugins, as far as none of their pods matters to the pod that is placed: they have
// the same shape, and the same is taken of them.
type class struct {
	signature signature
	nodes     []*node // in the order of the names
	// apart is how many of the nodes are not looked at as one of the class in the placement of that number.
	apart, at int
	index     int
}

// signature is what the nodes of a class have in common.
type signature struct {
	shape string
	// What its pods ask for, and would be taken to ask for if they ask for nothing.
	cpu, memory, disk, nonZeroCPU, nonZeroMemory int64
	pods                                         int
	// more are other resources, and the ports of the node that are taken.
	more string
}

// shapeOf writes down what the plugins read of a node's API object; of labels that tell nodes apart only that they are
// there.
func shapeOf(info *framework.NodeInfo, own *ownLabels) string {
	var b strings.Builder
	object := info.Node()
	for _, key := range slices.Sorted(maps.Keys(object.Labels)) {
		fmt.Fprintf(&b, "%q", key)
		if !own.is(key) {
			fmt.Fprintf(&b, "=%q", object.Labels[key])
		}
		b.WriteByte(',')
	}
	for _, taint := range object.Spec.Taints {
		fmt.Fprintf(&b, "taint %q=%q:%q,", taint.Key, taint.Value, taint.Effect)
	}
	has := info.Allocatable
	fmt.Fprintf(&b, "%t %d %d %d %d", object.Spec.Unschedulable, has.MilliCPU, has.Memory, has.EphemeralStorage, has.AllowedPodNumber)
	writeScalars(&b, has)
	return b.String()
}

func signatureOf(n *node) signature {
	r, non0 := n.info.Requested, n.info.NonZeroRequested
	s := signature{
		shape: n.shape, cpu: r.MilliCPU, memory: r.Memory, disk: r.EphemeralStorage,
		nonZeroCPU: non0.MilliCPU, nonZeroMemory: non0.Memory, pods: len(n.info.Pods),
	}
	if len(r.ScalarResources) == 0 && len(n.info.UsedPorts) == 0 {
		return s
	}
	var b strings.Builder
	writeScalars(&b, r)
	var ports []string
	for ip, taken := range n.info.UsedPorts {
		for port := range taken {
			ports = append(ports, fmt.Sprintf(" %s:%s:%d", ip, port.Protocol, port.Port))
		}
	}
	slices.Sort(ports)
	s.more = b.String() + strings.Join(ports, "")
	return s
}

// writeScalars leaves out what there is nothing of, which is the same as none.
func writeScalars(b *strings.Builder, r *framework.Resource) {
	for _, name := range slices.Sorted(maps.Keys(r.ScalarResources)) {
		if amount := r.ScalarResources[name]; amount != 0 {
			fmt.Fprintf(b, " %q=%d", name, amount)
		}
	}
}

// classes are those that have a node.
type classes struct {
	all []*class
	of  map[signature]*class
}

func newClasses() classes { return classes{of: map[signature]*class{}} }

// join puts a node into the class of a signature.
func (c *classes) join(n *node, s signature) {
	if n.class != nil && n.class.signature == s {
		return
	}
	c.leave(n)
	to := c.of[s]
	if to == nil {
		to = &class{signature: s, index: len(c.all)}
		c.of[s] = to
		c.all = append(c.all, to)
	}
	at, _ := to.find(n)
	to.nodes = slices.Insert(to.nodes, at, n)
	n.class = to
}

// leave takes a node out of its class, if it is in one.
func (c *classes) leave(n *node) {
	from := n.class
	if from == nil {
		return
	}
	n.class = nil
	at, _ := from.find(n)
	from.nodes = slices.Delete(from.nodes, at, at+1)
	if len(from.nodes) > 0 {
		return
	}
	delete(c.of, from.signature)
	last := c.all[len(c.all)-1]
	c.all[from.index], last.index = last, from.index
	c.all = c.all[:len(c.all)-1]
}

func (c *class) find(n *node) (int, bool) {
	return slices.BinarySearchFunc(c.nodes, n.name(), func(one *node, name string) int { return strings.Compare(one.name(), name) })
}
