package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// diskFull fills the disk of the stream's leader in every system. A restart of the server heals it once there is space.
func diskFull(r *runner, _ ...string) scenario {
	d := &diskFailure{r: r}
	return scenario{name: "full disk of the stream's leader", lasts: outage, limits: election, counted: d.counted,
		unpredicted: "simulates no failure of a disk",
		fail:        func(ctx context.Context) error { return d.begin(ctx, r.cluster.FillDisks) },
		end: func(ctx context.Context) error {
			return errors.Join(d.awaitRestart(ctx), d.check(ctx), r.cluster.FreeDisks(ctx, d.volumes()...))
		},
		settled: d.check}
}

// diskReadOnly makes the disk of the stream's leader read-only in every system, as after an I/O error, and then drains the node of another server.
// The disruption budget keeps that server: without it, the bus would have no quorum. A restart does not heal the disk; it is replaced by an empty
// one, as the README says, and the drain continues by itself.
func diskReadOnly(r *runner, nodes ...string) scenario {
	d := &diskFailure{r: r}
	drained := make(chan error, 1)
	return scenario{name: "read-only disk of the stream's leader, then a node drain", nodes: nodes, event: evidence.DrainNode, lasts: outage, limits: election,
		counted: d.counted,
		prepare: func(ctx context.Context) error {
			if err := d.begin(ctx, r.cluster.BreakDisks); err != nil {
				return err
			}
			return d.notOn(nodes)
		},
		fail: func(ctx context.Context) error {
			go func() { drained <- r.drain(ctx, nodes...) }()
			return nil
		},
		end: func(ctx context.Context) error {
			return errors.Join(d.awaitRestart(ctx), d.check(ctx), d.replace(ctx), <-drained, r.uncordon(ctx, nodes...))
		}}
}

// networkLossAfterDisk disconnects the node of the stream's leader after a disk was replaced: the bus survives it like any other.
func networkLossAfterDisk(r *runner, nodes ...string) scenario {
	sc := networkLoss(r, nodes...)
	sc.name = "network loss of a node, after a disk was replaced"
	return sc
}

// siteLoss cuts the power of all nodes at the same instant, and the page cache is lost: all data that a server has not flushed. A profile whose
// servers flush before each acknowledgement loses nothing; multi-zone promises nothing for all zones.
func siteLoss(r *runner, _ ...string) scenario {
	var nodes []string
	return scenario{name: "power loss of all nodes, with the page cache", lasts: 5 * time.Second,
		unpredicted: "simulates the failure of a zone, not of all",
		loses:       func(s *System) bool { return s.Survives != "node" },
		fail: func(ctx context.Context) error {
			zones, err := r.zones(ctx)
			if err != nil {
				return err
			}
			nodes = slices.Concat(zones...)
			volumes, err := r.busVolumes(ctx)
			if err != nil {
				return err
			}
			return r.cluster.KillWithCaches(ctx, volumes, nodes...)
		},
		end: func(ctx context.Context) error { return r.cluster.Boot(ctx, nodes...) }}
}

// busVolumes returns the volumes of all bus servers.
func (r *runner) busVolumes(ctx context.Context) (all []string, err error) {
	for _, s := range r.systems {
		pods, err := r.kube.pods(ctx, s.Name, s.busPods)
		if err != nil {
			return nil, err
		}
		for _, p := range pods {
			pvc, err := r.kube.CoreV1().PersistentVolumeClaims(s.Name).Get(ctx, claim(p), metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			all = append(all, pvc.Spec.VolumeName)
		}
	}
	return all, nil
}

// diskFailure is an error of one disk in every system.
type diskFailure struct {
	r       *runner
	members []*member
}

// member is a bus server with the failed disk.
type member struct {
	system *System
	pod    corev1.Pod
	volume string
	// all are the bus servers before the failure.
	all []corev1.Pod
	// unready is the time from the failure until the budget counts the server as unavailable; err is set if that took too long.
	unready time.Duration
	err     error
}

func (d *diskFailure) volumes() (all []string) {
	for _, m := range d.members {
		all = append(all, m.volume)
	}
	return all
}

// begin finds the leaders and causes the failure.
func (d *diskFailure) begin(ctx context.Context, cause func(context.Context, ...string) error) error {
	for _, s := range d.r.systems {
		limit := patience
		if s.naive() {
			limit = time.Minute
		}
		m, err := s.leader(ctx, d.r.kube, limit)
		if s.naive() && err != nil {
			d.r.log("%s: no disk fails: %v", s.Title, err)
			continue
		}
		if err != nil {
			return err
		}
		d.members = append(d.members, m)
	}
	start := time.Now()
	if err := cause(ctx, d.volumes()...); err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, m := range d.members {
		if m.system.naive() {
			continue
		}
		all.Go(func() { m.unready, m.err = m.awaitUnready(ctx, d.r.kube, start) })
	}
	all.Wait()
	for _, m := range d.members {
		if m.system.naive() {
			continue
		}
		d.r.log("%s: %s is not ready %s after its disk failed", m.system.Title, m.pod.Name, m.unready.Round(time.Second))
	}
	return nil
}

// awaitUnready waits until the disruption budget permits no eviction.
func (m *member) awaitUnready(ctx context.Context, k *kube, start time.Time) (time.Duration, error) {
	err := until(ctx, time.Minute, func(ctx context.Context) (string, error) {
		budgets, err := k.PolicyV1().PodDisruptionBudgets(m.system.Name).List(ctx, metav1.ListOptions{LabelSelector: m.system.busPods})
		if err != nil || len(budgets.Items) != 1 {
			return "", fmt.Errorf("%d disruption budgets of the bus: %w", len(budgets.Items), err)
		}
		if allowed := budgets.Items[0].Status.DisruptionsAllowed; allowed > 0 {
			return fmt.Sprintf("the disruption budget of %s still permits %d evictions", m.system.Title, allowed), nil
		}
		return "", nil
	})
	took := time.Since(start)
	if err == nil && took > (evidence.CountedLimit+tolerance)*time.Second {
		err = fmt.Errorf("%s: the disruption budget counted the server with a failed disk after %s, want %d s", m.system.Title, took.Round(time.Second), evidence.CountedLimit)
	}
	return took, err
}

// counted returns the time in seconds until the disruption budget of a system counted its server; 0 for the naive system.
func (d *diskFailure) counted(s *System) float64 {
	for _, m := range d.members {
		if m.system == s {
			return m.unready.Seconds()
		}
	}
	return 0
}

// notOn returns an error if a failed disk is on one of the nodes: a leader has moved there since they were chosen.
func (d *diskFailure) notOn(nodes []string) error {
	for _, m := range d.members {
		if !m.system.naive() && slices.Contains(nodes, m.pod.Spec.NodeName) {
			return fmt.Errorf("%s: the stream's leader has moved to %s, which is drained", m.system.Title, m.pod.Spec.NodeName)
		}
	}
	return nil
}

// check reports servers with a failed disk that were not counted in time, and servers that were evicted, or restarted because of another one.
func (d *diskFailure) check(ctx context.Context) error {
	var all []error
	for _, m := range d.members {
		all = append(all, m.err)
		if m.system.naive() {
			continue
		}
		now, err := d.r.kube.pods(ctx, m.system.Name, m.system.busPods)
		if err != nil {
			return err
		}
		for _, before := range m.all {
			i := slices.IndexFunc(now, func(p corev1.Pod) bool { return p.UID == before.UID })
			switch {
			case i < 0 || now[i].DeletionTimestamp != nil:
				all = append(all, fmt.Errorf("%s: %s was evicted or deleted while the disk of %s had failed", m.system.Title, before.Name, m.pod.Name))
			case before.UID != m.pod.UID && restarts(now[i]) != restarts(before):
				all = append(all, fmt.Errorf("%s: %s was restarted because of the disk of %s", m.system.Title, before.Name, m.pod.Name))
			}
		}
	}
	return errors.Join(all...)
}

// awaitRestart waits until the servers with a failed disk have been restarted.
func (d *diskFailure) awaitRestart(ctx context.Context) error {
	return until(ctx, patience, func(ctx context.Context) (string, error) {
		for _, m := range d.members {
			if m.system.naive() {
				continue
			}
			now, err := d.r.kube.CoreV1().Pods(m.system.Name).Get(ctx, m.pod.Name, metav1.GetOptions{})
			if err != nil {
				return "", err
			}
			if now.UID == m.pod.UID && restarts(*now) == restarts(m.pod) {
				return fmt.Sprintf("%s: %s has a failed disk and was not restarted", m.system.Title, m.pod.Name), nil
			}
		}
		return "", nil
	})
}

// replace deletes the claims of the failed disks, then the pods: they start with empty disks.
func (d *diskFailure) replace(ctx context.Context) error {
	for _, m := range d.members {
		if _, err := d.r.kube.run(ctx, d.r.kube.kubectl, "", "delete", "pvc", "-n", m.system.Name, claim(m.pod), "--wait=false"); err != nil {
			return err
		}
		if _, err := d.r.kube.run(ctx, d.r.kube.kubectl, "", "delete", "pod", "-n", m.system.Name, m.pod.Name); err != nil {
			return err
		}
	}
	return nil
}

// leader returns the bus server that leads the stream. It waits while there is none, up to a limit.
func (s *System) leader(ctx context.Context, k *kube, limit time.Duration) (*member, error) {
	m := &member{system: s}
	err := until(ctx, limit, func(ctx context.Context) (string, error) {
		streams, err := s.streams(ctx, k)
		if err != nil {
			return "", err
		}
		pods, err := k.pods(ctx, s.Name, s.busPods)
		if err != nil {
			return "", err
		}
		m.all = pods
		for _, p := range pods {
			for _, stream := range streams {
				if stream.Name == "default" && stream.Leader == p.Name {
					m.pod = p
				}
			}
		}
		if m.pod.Name == "" {
			return "the stream of " + s.Title + " has no leader", nil
		}
		return "", nil
	})
	if err != nil {
		return nil, err
	}
	pvc, err := k.CoreV1().PersistentVolumeClaims(s.Name).Get(ctx, claim(m.pod), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	m.volume = pvc.Spec.VolumeName
	return m, nil
}

// claim returns the name of the only PersistentVolumeClaim of a pod.
func claim(p corev1.Pod) string {
	for _, v := range p.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			return v.PersistentVolumeClaim.ClaimName
		}
	}
	return ""
}

// restarts counts the restarts of a pod's containers.
func restarts(p corev1.Pod) (n int32) {
	for _, c := range p.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n
}
