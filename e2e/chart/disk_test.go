package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// hasSmallBus limits tests of disks to the smallest case of each kind of bus.
func (r release) hasSmallBus() bool { return r.Name == "single-node" || r.Name == "multi-zone" }

// TestDiskError: the disk of the stream's leader fills up. Its probes fail, those of the other servers do not, and events are stored
// again without it. Space alone heals nothing; a restart does. Needs root, to mount disks.
func TestDiskError(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.hasSmallBus, func(t *testing.T, r release) {
		t.Parallel()
		d := startOnDisks(t, r, diskSize)
		leader := d.servers.StreamLeader("EVENTS", "default")
		d.expectHealthy(t)

		ballast := d.fill(t, leader)
		persist(t, func() error {
			_ = d.publish(t.Context())
			return d.wantFailed(t, leader)
		})
		for i := range d.b.Replicas() {
			if i != leader {
				if err := d.probes(t, i); err != nil {
					t.Errorf("%s: a probe fails because of the disk of another server: %v", d.b.Pod(i).Name, err)
				}
			}
		}
		if d.b.Replicas() > 1 {
			persist(t, func() error { return d.publish(t.Context()) })
		}

		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := d.wantFailed(t, leader); err != nil {
			t.Errorf("with space again, without a restart: %v", err)
		}
		if err := d.servers.Restart(leader); err != nil {
			t.Fatal(err)
		}
		persist(t, func() error { return d.probes(t, leader) })
		if codes := d.waitCurrent(t); codes != nil {
			t.Errorf("after the restart: /healthz of all servers: %v", codes)
		}
		// The next failure finds a majority.
		if d.b.Replicas() > 1 {
			d.servers.StopOne((leader + 1) % d.b.Replicas())
		}
		persist(t, func() error { return d.publish(t.Context()) })
	})
}

// TestDiskProbesWithoutMajority: a server without the other two passes its probes, although the full check fails.
func TestDiskProbesWithoutMajority(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(r release) bool { return r.Name == "multi-zone" }, func(t *testing.T, r release) {
		d := startOnDisks(t, r, diskSize)
		d.servers.StopOne(1)
		d.servers.StopOne(2)
		persist(t, func() error {
			if codes := d.servers.Probe("/healthz"); codes[0] == 200 {
				return errors.New("the full check of a server without a majority still returns 200")
			}
			return nil
		})
		for range 10 {
			if err := d.probes(t, 0); err != nil {
				t.Fatalf("a probe fails because of other servers: %v", err)
			}
			time.Sleep(time.Second)
		}
	})
}

// diskBus is a running bus whose servers have disks of their own.
type diskBus struct {
	b        jetStream
	dir      string
	programs string
	servers  *bus.Servers
	js       jetstream.JetStream
}

// diskSize is the size of each disk in tests that fill it.
const diskSize = 32 << 20

func startOnDisks(t *testing.T, r release, size int) diskBus {
	t.Helper()
	d := diskBus{b: busOf(t, r), dir: t.TempDir()}
	for i := range d.b.Replicas() {
		disk := filepath.Join(d.b.Folder(d.dir, i), "data")
		if err := os.MkdirAll(disk, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
			t.Fatalf("mounting a disk: %v", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(disk, 0); err != nil {
				t.Error(err)
			}
		})
	}
	var err error
	if d.programs, err = bus.BusyBox(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	d.servers, err = d.b.Start(d.dir)
	if d.servers != nil {
		t.Cleanup(d.servers.Stop)
	}
	if err != nil {
		t.Fatal(err)
	}
	if d.js, err = d.servers.Connect(nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.js.Conn().Close)
	persist(t, func() error {
		_, err := d.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "default", Subjects: []string{"default.*.*"}, Replicas: d.b.Replicas()})
		return err
	})
	return d
}

// fill fills the disk of a server with a file, and returns it.
func (d diskBus) fill(t *testing.T, ordinal int) string {
	t.Helper()
	file, err := os.Create(filepath.Join(d.b.Folder(d.dir, ordinal), "data", "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zeros := make([]byte, 64<<10)
	for err == nil {
		_, err = file.Write(zeros)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling a disk: %v", err)
	}
	return file.Name()
}

// publish publishes an event of 50 kB and waits for its acknowledgement.
func (d diskBus) publish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := d.js.Publish(ctx, "default.source.event", make([]byte, 50_000))
	return err
}

// probes runs the readiness and the liveness probe of a server.
func (d diskBus) probes(t *testing.T, ordinal int) error {
	files, port := d.b.Folder(d.dir, ordinal), d.servers.Monitor(ordinal)
	ready := d.b.Probe(t.Context(), d.b.Container.ReadinessProbe, files, port, d.programs)
	alive := d.b.Probe(t.Context(), d.b.Container.LivenessProbe, files, port, d.programs)
	if (ready == nil) != (alive == nil) {
		return fmt.Errorf("readiness %v, liveness %v", ready, alive)
	}
	return alive
}

func (d diskBus) wantFailed(t *testing.T, ordinal int) error {
	switch err := d.probes(t, ordinal); {
	case err == nil:
		return fmt.Errorf("the probes of a server with a full disk succeed; full check: %v", d.servers.Probe("/healthz"))
	default:
		return nil
	}
}

func (d diskBus) expectHealthy(t *testing.T) {
	t.Helper()
	for i := range d.b.Replicas() {
		if err := d.probes(t, i); err != nil {
			t.Fatalf("%s: %v", d.b.Pod(i).Name, err)
		}
	}
}

// waitCurrent waits until the full check of all servers succeeds; it returns the codes if it does not within a minute.
func (d diskBus) waitCurrent(t *testing.T) (codes []int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		codes = d.servers.Probe("/healthz")
		bad := false
		for _, c := range codes {
			bad = bad || c != 200
		}
		if !bad {
			return nil
		}
	}
	return codes
}
