package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// factsOf returns what the plugins read of a node's API object as text. Of labels that are unique to each node it has
// only the keys.
func factsOf(info *framework.NodeInfo, unique *uniqueLabels) string {
	var b strings.Builder
	object := info.Node()
	for _, key := range slices.Sorted(maps.Keys(object.Labels)) {
		fmt.Fprintf(&b, "%q", key)
		if !unique.unique(key) {
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

func classKeyOf(n *node) classKey {
	r, nonZero := n.info.Requested, n.info.NonZeroRequested
	key := classKey{
		facts: n.facts, cpu: r.MilliCPU, memory: r.Memory, storage: r.EphemeralStorage,
		nonZeroCPU: nonZero.MilliCPU, nonZeroMemory: nonZero.Memory, pods: len(n.info.Pods),
	}
	if len(r.ScalarResources) == 0 && len(n.info.UsedPorts) == 0 {
		return key
	}
	var b strings.Builder
	writeScalars(&b, r)
	var ports []string
	for ip, used := range n.info.UsedPorts {
		for port := range used {
			ports = append(ports, fmt.Sprintf(" %s:%s:%d", ip, port.Protocol, port.Port))
		}
	}
	slices.Sort(ports)
	key.more = b.String() + strings.Join(ports, "")
	return key
}

// writeScalars omits amounts of 0, which equal missing ones.
func writeScalars(b *strings.Builder, r *framework.Resource) {
	for _, name := range slices.Sorted(maps.Keys(r.ScalarResources)) {
		if amount := r.ScalarResources[name]; amount != 0 {
			fmt.Fprintf(b, " %q=%d", name, amount)
		}
	}
}

// nodeClasses are the classes that have a node.
type nodeClasses struct {
	all   []*nodeClass
	byKey map[classKey]*nodeClass
}

func newNodeClasses() nodeClasses { return nodeClasses{byKey: map[classKey]*nodeClass{}} }

// join moves a node into the class of a key.
func (c *nodeClasses) join(n *node, key classKey) {
	if n.class != nil && n.class.key == key {
		return
	}
	c.leave(n)
	to := c.byKey[key]
	if to == nil {
		to = &nodeClass{key: key, index: len(c.all)}
		c.byKey[key] = to
		c.all = append(c.all, to)
	}
	at, _ := to.find(n)
	to.nodes = slices.Insert(to.nodes, at, n)
	n.class = to
}

// leave removes a node from its class, if it has one.
func (c *nodeClasses) leave(n *node) {
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
	delete(c.byKey, from.key)
	last := c.all[len(c.all)-1]
	c.all[from.index], last.index = last, from.index
	c.all = c.all[:len(c.all)-1]
}

func (c *nodeClass) find(n *node) (int, bool) {
	return slices.BinarySearchFunc(c.nodes, n.name(), func(one *node, name string) int { return strings.Compare(one.name(), name) })
}
