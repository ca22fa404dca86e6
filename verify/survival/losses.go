package survival

import (
	"context"
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Outcome is what a failure does to a workload.
type Outcome struct {
	Workload *workload.Workload
	// Pods is how many there should be, Left how many are when it happens, After how many when controllers and scheduler
	// have done what they can while it lasts.
	Pods, Left, After int
	// Needs is how many it takes to serve.
	Needs int
	// Waits are the pods that find no node, and why.
	Waits []string
}

// Serves tells whether the workload goes on when the failure happens, before anything is replaced.
func (o Outcome) Serves() bool { return o.Left >= o.Needs }

// Recovers tells whether it serves again while the failure lasts.
func (o Outcome) Recovers() bool { return o.After >= o.Needs }

// Loss is a failure that takes nodes, and what it does.
type Loss struct {
	// What is lost: "node-1", "zone-2"; Zone tells that it is a zone.
	What     string
	Zone     bool
	Nodes    []string
	Outcomes []Outcome
}

// Losses places the workloads on the cluster, and takes away each node and each zone. The first loss is that of nothing:
// the workloads as they are placed.
func Losses(ctx context.Context, c cluster.Cluster, all []*workload.Workload) ([]Loss, error) {
	w, err := newWorld(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := w.populate(ctx, all); err != nil {
		return nil, err
	}
	losses := []Loss{{What: "nothing"}}
	for _, n := range c.Nodes {
		losses = append(losses, Loss{What: n.Name, Nodes: []string{n.Name}})
	}
	for _, zone := range c.Zones() {
		losses = append(losses, Loss{What: zone, Zone: true, Nodes: c.In(zone)})
	}
	for i := range losses {
		if losses[i].Outcomes, err = w.losing(ctx, all, losses[i].Nodes); err != nil {
			return nil, fmt.Errorf("losing %s: %w", losses[i].What, err)
		}
	}
	return losses, nil
}

// losing plays the loss of nodes: their pods stand in the API, marked for deletion, and controllers make others.
func (w *world) losing(ctx context.Context, all []*workload.Workload, names []string) ([]Outcome, error) {
	outcomes := make([]Outcome, len(all))
	return outcomes, w.play(func() error {
		gone := w.lose(names...)
		left := w.running(gone)
		for _, p := range gone {
			if err := w.terminate(p); err != nil {
				return err
			}
		}
		for _, p := range gone {
			if !replacedElsewhere(p.of) {
				continue
			}
			if err := w.schedule(ctx, w.create(p.of, len(w.pods), 1)); err != nil {
				return err
			}
		}
		after := w.running(gone)
		for i, of := range all {
			o := Outcome{Workload: of, Pods: w.wanted(of), Left: left[of], After: after[of]}
			if of.Kind == workload.DaemonSet {
				// Nobody misses the pod of a node that is lost.
				o.Pods -= count(gone, of)
			}
			o.Needs = of.Replication.Model.Needs(o.Pods)
			for _, p := range w.pods {
				if p.of == of && p.node == "" && p.why != nil {
					o.Waits = append(o.Waits, p.why.Error())
				}
			}
			outcomes[i] = o
		}
		return nil
	})
}

// replacedElsewhere: a StatefulSet waits for a node that may still run its pod, a DaemonSet has nowhere else to go, and
// nobody makes a bare Pod again.
func replacedElsewhere(of *workload.Workload) bool {
	return slices.Contains([]string{workload.Deployment, workload.ReplicaSet, workload.Job}, of.Kind)
}

// running counts the pods of each workload that run, but those that are gone.
func (w *world) running(gone []*pod) map[*workload.Workload]int {
	count := map[*workload.Workload]int{}
	for _, p := range w.pods {
		if p.node != "" && !slices.Contains(gone, p) {
			count[p.of]++
		}
	}
	return count
}

// wanted is how many pods a workload should have.
func (w *world) wanted(of *workload.Workload) int {
	if of.Kind != workload.DaemonSet {
		return of.Replicas
	}
	return count(w.pods, of)
}

// count is how many pods are of a workload.
func count(pods []*pod, of *workload.Workload) int {
	n := 0
	for _, p := range pods {
		if p.of == of {
			n++
		}
	}
	return n
}
