package guarantee_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestCharts: what a profile promises is no luck. On the smallest cluster for it and on larger ones, no node takes more of a
// workload of several pods than it can spare, and in multi-zone no zone does, whatever was rolled and whatever failed before.
func TestCharts(t *testing.T) {
	for _, name := range []string{"multi-node", "multi-zone", "web-multi-node", "web-multi-zone"} {
		objects, err := manifest.Load([]string{filepath.Join("..", "..", "golden", name, "objects")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := workload.Read(objects)
		if err == nil {
			err = s.SetReplication(nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		several := 0
		for _, nodes := range []int{3, 4, 6, 9} {
			c, err := cluster.Uniform(nodes, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range guarantee.Of(c, s) {
				if g.Pods < 2 {
					continue
				}
				several++
				bounds := []*guarantee.Bounds{g.Node}
				if strings.HasSuffix(name, "multi-zone") {
					bounds = append(bounds, g.Zone)
				}
				for _, b := range bounds {
					for _, now := range []guarantee.Bound{b.Placed, b.Rolled, b.Healed} {
						if !now.Serves {
							t.Errorf("%s on %d nodes: %s: %s may have %d of %d pods: %s", name, nodes, g.Workload, now.On, now.Pods, g.Pods, now.Why)
						}
					}
				}
			}
		}
		if several == 0 {
			t.Errorf("%s has no workload of several pods", name)
		}
	}
}
