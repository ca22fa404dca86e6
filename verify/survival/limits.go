package survival

import (
	"errors"
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// limits bound the time and the memory of a simulation. They count, and do not measure, so that the same input has the same
// result on every machine.
type limits struct {
	// pods is the most pods of a system.
	pods int
	// attempts is how often the scheduler may try to place a pod, in all scenarios with one event.
	attempts int
	// second is how many pods it may have to place in the scenarios with a second failure. If there are more, none of these
	// scenarios is simulated, see Result.Omitted.
	second int
}

// defaultLimits allow 5,000 Deployments with two pods on 100 nodes. On two cores this takes less than a minute and 2 GiB.
var defaultLimits = limits{pods: 20_000, attempts: 200_000, second: 60_000}

// TooLargeError is the error for a system that would take too long to simulate.
type TooLargeError struct{ Workloads, Pods, Nodes int }

func (e TooLargeError) Error() string {
	return fmt.Sprintf("%s with %s on %s are too large to simulate", count(e.Workloads, "workload"), count(e.Pods, "pod"), count(e.Nodes, "node"))
}

// newSize returns the size of a system as an error.
func newSize(c cluster.Cluster, s *workload.System) TooLargeError {
	e := TooLargeError{Workloads: len(s.Workloads), Nodes: len(c.Nodes)}
	for _, w := range s.Workloads {
		if e.Pods += max(w.Replicas, w.Max); w.Kind == workload.DaemonSet {
			e.Pods += len(c.Nodes)
		}
	}
	return e
}

func (e TooLargeError) check(l limits) error {
	if e.Pods > l.pods {
		return e
	}
	return nil
}

// explain returns the size in place of the error of a simulation that was too long.
func (e TooLargeError) explain(err error) error {
	if errors.Is(err, sim.ErrTooLong) {
		return e
	}
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
