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
)

// counted is the limit in seconds for the disruption budget to count a bus server with a disk error: two failed probes, and the next write.
const counted = 15 * time.Second

// diskFull fills the disk of the stream's leader in every system. A restart of the server heals it once there is space.
func diskFull(r *runner, _ ...string) scenario {
	d := &diskFailure{r: r}
	return scenario{name: "full disk of the stream's leader", lasts: 90 * time.Second, limits: election,
		fail: func(ctx context.Context) error { return d.begin(ctx, r.cluster.FillDisks) },
		end: func(ctx context.Context) error {
			return errors.Join(d.check(ctx), r.cluster.FreeDisks(ctx, d.volumes()...))
		},
		settled: d.othersStayed}
}

// diskReadOnly makes the disk of the stream's leader read-only in every system, as after an I/O error. A restart cannot heal it: the disk is
// replaced by an empty one, as the README says.
func diskReadOnly(r *runner, _ ...string) scenario {
	d := &diskFailure{r: r}
	return scenario{name: "read-only disk of the stream's leader", lasts: 90 * time.Second, limits: election,
		fail:    func(ctx context.Context) error { return d.begin(ctx, r.cluster.BreakDisks) },
		end:     func(ctx context.Context) error { return errors.Join(d.check(ctx), d.replace(ctx)) },
		settled: d.othersStayed}
}

// siteLoss cuts the power of all nodes at the same instant, and the page cache is lost: all data that a server has not flushed. A profile whose
// servers flush before each acknowledgement loses nothing; multi-zone promises nothing for all zones.
func siteLoss(r *runner, _ ...string) scenario {
	var nodes []string
	return scenario{name: "power loss of all nodes, with the page cache", lasts: 5 * time.Second,
		loses: func(s *System) bool { return s.Survives != "node" },
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
	// restarts are the restarts of all bus servers before the failure, by pod.
	restarts map[string]int32
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
		m, err := s.leader(ctx, d.r.kube)
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
	if err == nil && took > counted+tolerance*time.Second {
		err = fmt.Errorf("%s: the disruption budget counted the server with a failed disk after %s, want %s", m.system.Title, took.Round(time.Second), counted)
	}
	return took, err
}

// check reports servers that were not counted in time, or that were not restarted.
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
		for _, p := range now {
			if p.Name == m.pod.Name && restarts(p) == m.restarts[p.Name] {
				all = append(all, fmt.Errorf("%s: %s has a failed disk and was not restarted", m.system.Title, p.Name))
			}
		}
	}
	return errors.Join(all...)
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

// othersStayed reports bus servers that were restarted because of the disk of another one.
func (d *diskFailure) othersStayed(ctx context.Context) error {
	var all []error
	for _, m := range d.members {
		if m.system.naive() {
			continue
		}
		now, err := d.r.kube.pods(ctx, m.system.Name, m.system.busPods)
		if err != nil {
			return err
		}
		for _, p := range now {
			if before, ok := m.restarts[p.Name]; ok && p.Name != m.pod.Name && restarts(p) != before {
				all = append(all, fmt.Errorf("%s: %s was restarted because of the disk of %s", m.system.Title, p.Name, m.pod.Name))
			}
		}
	}
	return errors.Join(all...)
}

// leader returns the bus server that leads the stream. It waits while there is none.
func (s *System) leader(ctx context.Context, k *kube) (*member, error) {
	m := &member{system: s, restarts: map[string]int32{}}
	err := until(ctx, patience, func(ctx context.Context) (string, error) {
		streams, err := s.streams(ctx, k)
		if err != nil {
			return "", err
		}
		pods, err := k.pods(ctx, s.Name, s.busPods)
		if err != nil {
			return "", err
		}
		for _, p := range pods {
			m.restarts[p.Name] = restarts(p)
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
