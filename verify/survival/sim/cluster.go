// Package sim simulates a Kubernetes cluster: nodes, controllers, the scheduler, the eviction API, kubelets and volumes.
//
// Each file follows the code of Kubernetes 1.36 that it names, and the changes from 1.31 to 1.37 that docs/kubernetes-versions.md lists, including the times at which things happen. Everything
// else takes no time: images are on the nodes, the API server responds at once, and probes succeed as soon as they can.
// Where Kubernetes chooses at random, the simulation takes the first by name.
//
// A Cluster begins in its steady state. Events change it, Run advances the time, and WithUndo undoes all changes.
package sim

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Cluster is the state of a simulated cluster.
type Cluster struct {
	journal     *journal
	clock       *clock
	queue       *queue
	observer    *observer
	volumes     *volumes
	nodes       *nodes
	controllers []*Controller
	lifecycle   *lifecycle
	placer      *placer
	drain       *drain
	// detection is how long the control plane takes to detect that a node has failed.
	detection time.Duration
	// steadyOrders are the other orders in which the steady state may be different.
	steadyOrders []Order
}

// New creates the workloads of a system on the nodes of a cluster and runs until the steady state. Pods that run
// already stay on their nodes. Nodes that are not Ready have failed. Errors are those of objects that cannot be decoded, of the scheduler, and of ctx.
func New(ctx context.Context, c cluster.Cluster, s *workload.System) (*Cluster, error) {
	return NewInOrder(ctx, c, s, Order{})
}

// NewInOrder is New with one of the SteadyOrders of the same system on the same cluster.
func NewInOrder(ctx context.Context, c cluster.Cluster, s *workload.System, o Order) (*Cluster, error) {
	sim, err := newCluster(ctx, c, s)
	if err != nil {
		return nil, err
	}
	if o.last != nil {
		sim.SetOrder(Order{last: sim.controllers[o.last.Index]})
	}
	sim.journal.final = true
	here, down := sim.nodes.runsHere(sim.controllers), sim.nodes.notReady()
	for _, w := range sim.controllers {
		sim.observer.activate(w)
		if err := sim.lifecycle.adopt(w, sim.nodes, here); err != nil {
			return nil, err
		}
	}
	sim.FailNodes(down)
	if err := sim.Run(ctx, Never); err != nil {
		return nil, err
	}
	for _, w := range sim.controllers {
		w.noteZones()
		w.confirmUnplaced()
	}
	sim.observer.reset()
	sim.steadyOrders = sim.Orders()
	sim.SetOrder(Order{})
	sim.forgetOrders()
	sim.clock.now, sim.journal.final, sim.lifecycle.admission.installed = 0, false, true
	return sim, nil
}

// newCluster returns a cluster without pods.
func newCluster(ctx context.Context, c cluster.Cluster, s *workload.System) (*Cluster, error) {
	objects := prepareNodes(c.Nodes)
	sched, err := scheduler.New(ctx, objects)
	if err != nil {
		return nil, err
	}
	if err := sched.SetObjects(clusterObjects(s)); err != nil {
		return nil, err
	}
	j := &journal{}
	v := newVolumes(Storage(c, s), objects, j)
	sim := &Cluster{journal: j, clock: &clock{journal: j}, queue: &queue{journal: j, scheduler: sched}, observer: newObserver(), volumes: v, detection: cmp.Or(c.Detection, Detection(c.Version))}
	sim.nodes = newNodes(objects, j, sched, sim.queue)
	sim.lifecycle = &lifecycle{
		version: c.Version, journal: j, scheduler: sched, clock: sim.clock, queue: sim.queue, observer: sim.observer,
		volumes: v, attachments: &attachments{journal: j, volumes: v, users: map[string][]*Pod{}},
	}
	for _, b := range s.Budgets {
		one := &budget{Budget: b}
		sim.lifecycle.budgets = append(sim.lifecycle.budgets, one)
		sim.lifecycle.budgetIndex.Add(b.Object.Namespace, b.PodSelector, one)
	}
	sim.placer = &placer{lifecycle: sim.lifecycle, scheduler: sched, queue: sim.queue, volumes: v, nodes: sim.nodes, attempts: math.MaxInt}
	sim.drain = &drain{lifecycle: sim.lifecycle}
	namespaces := placement.NewNamespaces(s.Namespaces)
	for i, w := range s.Workloads {
		sim.controllers = append(sim.controllers, newController(i, w, sim.nodes, namespaces))
	}
	setGroups(sim.controllers)
	sim.lifecycle.admission, err = newAdmission(s, sim.controllers, j)
	return sim, err
}

// Storage returns the storage of a system on a cluster. On nodes that are only numbers, PersistentVolumes may be from another cluster.
func Storage(c cluster.Cluster, s *workload.System) *storage.Storage {
	if c.Described {
		return s.Storage
	}
	return s.Storage.WithoutNodes(c.Nodes)
}

// Nodes returns the nodes, sorted by name. Callers must not change the list.
func (c *Cluster) Nodes() []*Node { return c.nodes.list }

// Controllers returns the controllers of the workloads, in the order of the system. Callers must not change the list.
func (c *Cluster) Controllers() []*Controller { return c.controllers }

// PendingPods returns the number of pods without a node.
func (c *Cluster) PendingPods() int { return len(c.queue.pods) }

// VolumeTopologies returns the node labels that volumes refer to, with their values, in any order.
func (c *Cluster) VolumeTopologies() iter.Seq2[string, []string] { return c.volumes.topologies() }

// ErrTooLong is the error of Run when the scheduler has tried to place pods too often, see LimitAttempts.
var ErrTooLong = errors.New("the scheduler has too many pods to place")

// LimitAttempts limits how often the scheduler may try to place a pod from now on, in all scenarios together.
func (c *Cluster) LimitAttempts(n int) { c.placer.attempts = n }

// Active returns the controllers that the scenario may have affected. The others have the same pods as before.
func (c *Cluster) Active() []*Controller { return c.observer.active }

// Observation returns the effect of the scenario on a workload so far.
func (c *Cluster) Observation(w *Controller) Observation { return *c.observer.of(w) }

// Changes returns the changes of pods in the scenario, in order, and the pods of active controllers that fit on no node.
func (c *Cluster) Changes() []Change {
	list := c.observer.changes
	for _, p := range c.queue.pods {
		if c.observer.observations[p.controller] != nil && p.unschedulable != nil {
			list = append(list, Change{Pod: p.Name(), Workload: p.controller.Workload, Reason: p.unschedulable.Error()})
		}
	}
	return list
}

// WithUndo runs a scenario and undoes all of its changes.
func (c *Cluster) WithUndo(scenario func() error) error {
	return c.Try(func() (bool, error) { return false, scenario() })
}

// Try runs a scenario. If it returns true, the next scenario begins where this one ends; otherwise all of its changes are undone.
// Within WithUndo, the changes of the scenarios that were kept are undone at its end.
func (c *Cluster) Try(scenario func() (keep bool, err error)) error {
	mark := len(c.journal.undo)
	keep, err := scenario()
	if !keep || err != nil {
		c.journal.rollback(mark)
	}
	c.observer.reset()
	c.forgetOrders()
	c.queue.retryAll()
	return err
}

// Run advances the time until the steady state, or until a given time; the actions at that time are done.
func (c *Cluster) Run(ctx context.Context, until time.Duration) error {
	for {
		if err := c.settle(ctx); err != nil {
			return err
		}
		c.observer.observe(c.clock.now)
		next := c.clock.next()
		if next == Never || next > until || c.clock.now == until {
			return nil
		}
		for _, p := range c.clock.advance(next) {
			if err := c.lifecycle.expire(p); err != nil {
				return err
			}
		}
	}
}

// settle runs the drain, the controllers and the scheduler until none of them has anything left to do at this time.
func (c *Cluster) settle(ctx context.Context) error {
	for {
		acted, err := c.drain.evict()
		if err != nil {
			return err
		}
		err = c.inOrder(func(one *Controller) error {
			if one.refused != "" {
				set(c.journal, &one.refused, "") // try again
			}
			did, err := reconcilers[one.Workload.Kind](c.lifecycle, one)
			acted = acted || did
			return err
		})
		if err != nil {
			return err
		}
		placed, err := c.placer.schedule(ctx)
		if err != nil {
			return err
		}
		if !acted && !placed {
			return nil
		}
	}
}
