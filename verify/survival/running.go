package survival

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// resume puts those pods of a workload on their nodes that run there: no more than it should have, the oldest first, and of a
// StatefulSet those that it should have. A pod on a node that nobody knows is made anew, like one that is missing.
func (w *world) resume(c *controller) error {
	for _, r := range c.of.Running {
		n := w.byName[r.Node]
		index, on, is := c.slot(r, n)
		if n == nil || !is {
			continue
		}
		p := w.create(c, index, 1, on)
		p.runs = true
		p.object.Name, p.object.UID = r.Name, types.UID(c.of.Kind+"/"+p.object.Namespace+"/"+r.Name)
		if err := w.start(p, n); err != nil {
			return fmt.Errorf("putting pod %s on %s, where it runs: %w", p.key(), r.Node, err)
		}
	}
	return nil
}

// slot is the index of a pod that runs, and the node that it is for if that counts; not one that there should be no pod for.
func (c *controller) slot(r workload.Running, n *node) (index int, on *node, is bool) {
	switch c.of.Kind {
	case workload.StatefulSet:
		return r.Ordinal, nil, r.Ordinal >= 0 && r.Ordinal < c.want
	case workload.DaemonSet:
		if n == nil {
			return 0, nil, false
		}
		i, is := slices.BinarySearchFunc(c.on, n, func(a, b *node) int { return strings.Compare(a.name(), b.name()) })
		return i, n, is && !slices.ContainsFunc(n.pods, func(p *pod) bool { return p.of == c })
	}
	return c.made, nil, c.made < c.want
}
