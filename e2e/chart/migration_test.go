package chart

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/nats-io/nats.go/jetstream"
)

// migrates reports whether a case migrates its bus.
func (r release) migrates() bool {
	return slices.ContainsFunc(r.objects, func(o cases.Object) bool { return o.Kind() == "Job" && strings.Contains(o.Name(), "-migration-") })
}

// TestMigration: the script of a migration copies everything to the new bus, and opens that bus afterwards and not before.
func TestMigration(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.migrates, func(t *testing.T, r release) {
		t.Parallel()
		m := startMigration(t, r)
		want := m.fill(t)
		m.expectClosed(t)
		took := m.run(t)
		m.expectMigrated(t, want)
		m.run(t) // a second run changes nothing
		m.expectMigrated(t, want)
		t.Logf("migrated in %s", took.Round(100*time.Millisecond))
	})
}

// TestKilledMigration kills the script at random moments until it has enough time to complete.
func TestKilledMigration(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.migrates, func(t *testing.T, r release) {
		t.Parallel()
		m := startMigration(t, r)
		want := m.fill(t)
		const seed = 4
		random := rand.New(rand.NewPCG(seed, seed))
		for i := range 12 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(600*(i+1)))*time.Millisecond)
			_, err := m.script.Run(ctx, m.urls, natsPath(t))
			cancel()
			if err == nil {
				break // it ended before it was killed
			}
			if !m.open() {
				m.expectClosed(t)
			}
		}
		m.run(t)
		m.expectMigrated(t, want)
	})
}

// TestConcurrentMigration: a script that was suspended, and replaced by another, does not overwrite later messages when it continues.
func TestConcurrentMigration(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.migrates, func(t *testing.T, r release) {
		t.Parallel()
		m := startMigration(t, r)
		m.fill(t)
		slow, err := m.script.Command(t.Context(), m.urls, natsPath(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := slow.Start(); err != nil {
			t.Fatal(err)
		}
		// It has begun when the new bus has the stream.
		persist(t, func() error { _, err := m.new.Stream(t.Context(), eventStream); return err })
		signal(t, slow, syscall.SIGSTOP)
		m.run(t)
		persist(t, func() error {
			_, err := m.new.Publish(t.Context(), "default.source.event", []byte("after the migration"), jetstream.WithMsgID("after"))
			return err
		})
		before := contentOf(t, m.new, eventStream)
		signal(t, slow, syscall.SIGCONT)
		var exit *exec.ExitError
		if err := slow.Wait(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		equal(t, "messages after the stopped script continued", contentOf(t, m.new, eventStream).LastSeq, before.LastSeq)
	})
}

func signal(t *testing.T, cmd *exec.Cmd, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-cmd.Process.Pid, s); err != nil {
		t.Fatal(err)
	}
}

// TestMigrationKeepsOtherStreams: if the new bus has other streams, the script changes nothing, and the bus stays closed.
func TestMigrationKeepsOtherStreams(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.migrates, func(t *testing.T, r release) {
		t.Parallel()
		m := startMigration(t, r)
		m.fill(t)
		theirs := jetstream.StreamConfig{Name: "theirs", Subjects: []string{"theirs"}}
		persist(t, func() error { _, err := m.new.CreateStream(t.Context(), theirs); return err })
		out, err := m.script.Run(t.Context(), m.urls, natsPath(t))
		if err == nil || !strings.Contains(out, "the new bus has streams that are not from this migration: theirs") || !strings.Contains(out, "delete the PVCs of the new bus") {
			t.Errorf("%v after\n%s", err, out)
		}
		var names []string
		persist(t, func() error {
			names = nil
			lister := m.new.StreamNames(t.Context())
			for name := range lister.Name() {
				names = append(names, name)
			}
			return lister.Err()
		})
		if !slices.Equal(names, []string{"theirs"}) {
			t.Errorf("streams of the new bus: got %v, want only theirs", names)
		}
		m.expectClosed(t)
	})
}

// TestMigrationKeepsServers: the number of servers of the new bus cannot change during a migration.
func TestMigrationKeepsServers(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(r release) bool { return r.migrates() && r.hasFive() }, func(t *testing.T, r release) {
		if _, err := r.upgrade(t); err != nil {
			t.Errorf("repeating the same upgrade: %v", err)
		}
		_, err := r.upgrade(t, "--set", "bus.replicas=3")
		if err == nil || !strings.Contains(err.Error(), "has started with 5 servers: change to 3 when it is complete") {
			t.Errorf("got error %v, want a refusal", err)
		}
	})
}

// migration is a script and its two running buses.
type migration struct {
	script   bus.Script
	urls     map[string]string
	bus      *bus.Bus
	old, new jetstream.JetStream
	servers  *bus.Servers
	ready    string
	replicas int
}

func startMigration(t *testing.T, r release) migration {
	t.Helper()
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	data, err := bus.Collect(bin, r.Case, r.objects)
	if err != nil {
		t.Fatal(err)
	}
	current, old, err := bus.Find(r.objects, data)
	if err != nil {
		t.Fatal(err)
	}
	// The readiness probe is health.sh QUERY.
	query := current.Container.ReadinessProbe.Exec.Command[2]
	m := migration{bus: current, ready: "/healthz?" + query, replicas: min(3, current.Replicas())}
	if m.script, err = bus.FindScript(t.TempDir(), bus.Migration, r.objects, data); err != nil {
		t.Fatal(err)
	}
	var before *bus.Servers
	before, m.old = start(t, old)
	m.servers, m.new = start(t, current)
	m.urls = map[string]string{"OLD_URL": before.URLs, "NATS_URL": m.servers.URLs}
	return m
}

func start(t *testing.T, b *bus.Bus) (*bus.Servers, jetstream.JetStream) {
	t.Helper()
	servers, err := b.Start(t.TempDir())
	if servers != nil {
		t.Cleanup(servers.Stop)
	}
	if err != nil {
		t.Fatal(err)
	}
	js, err := servers.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(js.Conn().Close)
	return servers, js
}

// fill fills the old bus.
func (m migration) fill(t *testing.T) map[string]content {
	t.Helper()
	return fill(t, m.old, min(3, strings.Count(m.urls["OLD_URL"], ",")+1))
}

// run runs the script to its end.
func (m migration) run(t *testing.T) time.Duration {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if out, err := m.script.Run(ctx, m.urls, natsPath(t)); err != nil {
		t.Fatalf("%v after\n%s", err, out[max(0, len(out)-3000):])
	}
	return time.Since(begin)
}

// open reports whether all servers of the new bus are ready.
func (m migration) open() bool {
	return !slices.ContainsFunc(m.servers.Probe(m.ready), func(code int) bool { return code != 200 })
}

// expectClosed: no server of the new bus is ready.
func (m migration) expectClosed(t *testing.T) {
	t.Helper()
	if codes := m.servers.Probe(m.ready); slices.Contains(codes, 200) {
		t.Errorf("before the end of the migration: probe %s: got %v, want no 200", m.ready, codes)
	}
}

// expectMigrated: both buses have all data; the new one is open, has the promised replicas, continues where each consumer was, and still detects
// duplicates.
func (m migration) expectMigrated(t *testing.T, want map[string]content) {
	t.Helper()
	// A server becomes ready when it has its own replica of the marker stream.
	persist(t, func() error {
		if !m.open() {
			return fmt.Errorf("after the migration: probe %s: got %v, want 200 from all", m.ready, m.servers.Probe(m.ready))
		}
		return nil
	})
	for name, content := range want {
		for which, js := range map[string]jetstream.JetStream{"old": m.old, "new": m.new} {
			want := content
			if which == "new" && m.fromCluster() {
				want = want.backedUp()
			}
			if got := contentOf(t, js, name); !reflect.DeepEqual(got, want) {
				t.Errorf("%s on the %s bus:\ngot  %d messages %+v\nwant %d messages %+v", name, which, len(got.Messages), got.Consumers, len(want.Messages), want.Consumers)
			}
		}
		info := infoOf(t, m.new, name)
		equal(t, name+": replicas", info.Config.Replicas, m.replicas)
		if m.replicas > 1 {
			equal(t, name+": zones with a copy", len(zonesOf(m.bus, info)), m.replicas)
		}
	}
	if m.replicas == 1 {
		return // a standalone server loads the IDs of restored messages at its next start
	}
	persist(t, func() error {
		ack, err := m.new.Publish(t.Context(), "default.source.event-2", []byte("event 299"), jetstream.WithMsgID("299"))
		if err == nil && !ack.Duplicate {
			t.Errorf("an event from before the migration is not detected as a duplicate: %+v", ack)
		}
		return err
	})
}

func (m migration) fromCluster() bool { return strings.Contains(m.urls["OLD_URL"], ",") }
