package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// Limits in seconds. nats-server replaces a dead leader after 4 to 9 s (raft.go: minElectionTimeout, maxElectionTimeout); a leader that
// shuts down hands over at once. A standby sensor takes over a Lease after 15 s.
var (
	election = evidence.Limits{Bus: 10, Sensor: 30}
	handover = evidence.Limits{Bus: 1, Sensor: 30}
)

// tolerance in seconds is added to every limit in a run: a busy machine delays everything. A bus without a quorum, or without another
// replica, is unavailable for longer: until a node or pod is back. The evidence lists limits exceeded without the tolerance.
const tolerance = 10

// outage is the minimum time that failed nodes are away.
const outage = 30 * time.Second

// noFailure is the baseline.
func noFailure(*runner, ...string) scenario {
	return scenario{name: "no failure", lasts: 15 * time.Second, unpredicted: "nothing happens"}
}

// powerLoss cuts the power of nodes, and restores it.
func powerLoss(r *runner, nodes ...string) scenario {
	sc := scenario{name: "power loss of a node", nodes: nodes, event: evidence.NodeFailure, lasts: outage, limits: election,
		fail: func(ctx context.Context) error { return r.cluster.Kill(ctx, nodes...) },
		end:  func(ctx context.Context) error { return r.cluster.Boot(ctx, nodes...) }}
	if len(nodes) > 1 {
		sc.name, sc.event, sc.zone = "power loss of a zone", evidence.ZoneFailure, true
	}
	return sc
}

// networkLoss disconnects nodes that keep running.
func networkLoss(r *runner, nodes ...string) scenario {
	return scenario{name: "network loss of a node", nodes: nodes, event: evidence.NodeFailure, lasts: outage, limits: election,
		fail: func(ctx context.Context) error { return r.cluster.Cut(ctx, nodes...) },
		end:  func(ctx context.Context) error { return r.cluster.Heal(ctx, nodes...) }}
}

// drain evicts the pods of a node with kubectl drain, and makes the node schedulable again.
func drain(r *runner, nodes ...string) scenario {
	return scenario{name: "node drain", nodes: nodes, event: evidence.DrainNode, limits: handover,
		fail: func(ctx context.Context) error { return r.drain(ctx, nodes...) },
		end:  func(ctx context.Context) error { return r.uncordon(ctx, nodes...) }}
}

// drain drains nodes. It waits while a disruption budget permits no eviction, but only a minute longer for the naive system: its bus may never
// recover.
func (r *runner) drain(ctx context.Context, nodes ...string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	drained, promised := make(chan error, 1), make(chan error, 1)
	go func() {
		args := append([]string{"drain", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=" + patience.String()}, nodes...)
		_, err := r.kube.run(ctx, r.kube.kubectl, "", args...)
		drained <- err
	}()
	go func() {
		promised <- until(ctx, patience, func(ctx context.Context) (string, error) { return r.undrained(ctx, nodes) })
	}()
	select {
	case err := <-drained:
		return err
	case err := <-promised:
		if err != nil {
			return err
		}
	}
	select {
	case err := <-drained:
		return err
	case <-time.After(time.Minute):
		return nil
	}
}

// undrained names a pod on nodes of a system with a promise that is not of a DaemonSet, or returns "".
func (r *runner) undrained(ctx context.Context, nodes []string) (string, error) {
	for _, s := range r.systems {
		if s.naive() {
			continue
		}
		pods, err := r.kube.pods(ctx, s.Name, "")
		if err != nil {
			return "", err
		}
		for _, p := range pods {
			if slices.Contains(nodes, p.Spec.NodeName) && !strings.HasPrefix(workloadOf(p), "DaemonSet ") {
				return fmt.Sprintf("%s: %s is still on %s", s.Title, p.Name, p.Spec.NodeName), nil
			}
		}
	}
	return "", nil
}

// uncordon makes nodes schedulable.
func (r *runner) uncordon(ctx context.Context, nodes ...string) error {
	_, err := r.kube.run(ctx, r.kube.kubectl, "", append([]string{"uncordon"}, nodes...)...)
	return err
}

// drainWithoutControlPlane drains a node, and stops the control plane for 40 s as soon as its pods have to go. Network policies do not know the
// addresses of the new pods until well after its return, so the new pods reach no leaf: they must not become leaders.
func drainWithoutControlPlane(r *runner, nodes ...string) scenario {
	limits := evidence.Limits{Bus: election.Bus, Sensor: 60}
	return scenario{name: "node drain, then control plane down for 40 s", nodes: nodes, lasts: 40 * time.Second, limits: limits, gated: true,
		unpredicted: "predicts the drain, but simulates no failure of the control plane",
		fail: func(ctx context.Context) error {
			interrupted, cancel := context.WithCancel(ctx)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = r.drain(interrupted, nodes...) // repeated at the end
			}()
			time.Sleep(4 * time.Second) // new pods exist and have nodes
			err := r.cluster.StopControlPlane(ctx)
			cancel()
			<-ended
			return err
		},
		end: func(ctx context.Context) error {
			if err := r.cluster.StartControlPlane(ctx); err != nil {
				return err
			}
			return errors.Join(r.drain(ctx, nodes...), r.uncordon(ctx, nodes...))
		}}
}

// controlPlaneOutage stops API server, controllers and scheduler for a minute.
func controlPlaneOutage(r *runner, _ ...string) scenario {
	return scenario{name: "control plane down for a minute", lasts: time.Minute, unpredicted: "simulates no failure of the control plane",
		fail: r.cluster.StopControlPlane, end: r.cluster.StartControlPlane}
}

// Rollouts restart a workload of every system.
func rolloutOfSources(r *runner, _ ...string) scenario {
	return r.rollout("event sources", "EventSource", "deployment", func(*System) string { return "eventsource-name=load" })
}

func rolloutOfSensors(r *runner, _ ...string) scenario {
	return r.rollout("sensors", "Sensor", "deployment", func(*System) string { return "sensor-name=load" })
}

func rolloutOfBus(r *runner, _ ...string) scenario {
	return r.rollout("bus", "StatefulSet", "statefulset", func(s *System) string { return s.busPods })
}

// rolloutOfLeaves replaces the leaves, on each node a new one beside the old one. The naive system has none.
func rolloutOfLeaves(r *runner, _ ...string) scenario {
	return r.rollout("leaves", "DaemonSet", "daemonset", func(s *System) string {
		if s.naive() {
			return ""
		}
		return "app.kubernetes.io/component=leaf"
	})
}

// rollout restarts the workloads of a resource that match a selector; "" is none. Kind is the kind of the workload in verify's report.
func (r *runner) rollout(what, kind, resource string, selector func(*System) string) scenario {
	return scenario{name: "rollout of the " + what, limits: handover, event: evidence.Rollout, kind: kind, fail: func(ctx context.Context) error {
		return r.staggered(func(s *System) error {
			if selector(s) == "" {
				return nil
			}
			out, err := r.kube.run(ctx, r.kube.kubectl, "", "rollout", "restart", resource, "-n", s.Name, "-l", selector(s))
			if err != nil {
				return err
			}
			if out == "" {
				return fmt.Errorf("%s has no %s with %s to restart", s.Name, resource, selector(s))
			}
			return nil
		})
	}}
}

// upgrade changes bus, source and sensor at once, as a new version of the chart does.
func upgrade(r *runner, _ ...string) scenario {
	return scenario{name: "upgrade of everything", limits: handover, unpredicted: "simulates each rollout alone, not several at once", fail: func(ctx context.Context) error {
		if err := r.staggered(func(s *System) error { return s.upgrade(ctx, r.kube, r.files.chart) }); err != nil {
			return err
		}
		// The controller has to update its Deployments before their rollouts begin.
		for _, s := range r.systems {
			if err := until(ctx, patience, func(ctx context.Context) (string, error) { return s.outdated(ctx, r.kube) }); err != nil {
				return fmt.Errorf("%w%s%s", err, s.describe(ctx, r.kube), s.controllerLog(ctx, r.kube))
			}
		}
		return nil
	}}
}

// stagger is the time between the changes of two systems: pods that all start at once wait for the processor, and the measured gaps would be caused
// by the machine.
const stagger = 8 * time.Second

// staggered calls change for each system, one after the other.
func (r *runner) staggered(change func(*System) error) error {
	for i, s := range r.systems {
		if i > 0 {
			time.Sleep(stagger)
		}
		if err := change(s); err != nil {
			return err
		}
	}
	return nil
}
