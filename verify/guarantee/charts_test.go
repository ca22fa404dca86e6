package guarantee_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestCharts: the promise of a profile is guaranteed by constraints. On its smallest cluster and on larger ones, the failure of
// any node leaves a workload of several pods serving, in multi-zone that of any zone as well, whatever happened before.
func TestCharts(t *testing.T) {
	for _, name := range []string{"multi-node", "multi-zone", "web-multi-node", "web-multi-zone"} {
		s := verifytest.Load(t, filepath.Join("..", "..", "golden", name, "objects"))
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
				bounds := []*guarantee.Bounds{g.For(cluster.Node)}
				if strings.HasSuffix(name, "multi-zone") {
					bounds = append(bounds, g.For(cluster.Zone))
				}
				for _, b := range bounds {
					for _, bound := range []guarantee.Bound{b.Placed, b.AfterRollouts, b.AfterFailures} {
						if !bound.Serves {
							t.Errorf("%s on %d nodes: %s: %s can hold %d of %d pods: %s", name, nodes, g.Workload, bound.On, bound.Pods, g.Pods, bound.Why)
						}
					}
				}
			}
		}
		if several == 0 {
			t.Errorf("%s has no workload with several pods", name)
		}
	}
}
