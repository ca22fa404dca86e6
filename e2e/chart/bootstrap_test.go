package chart

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// TestBootstrapScript: on a real bus, the script of the bootstrap Job creates the promised stream and buckets, corrects existing ones, and changes
// nothing when it runs again.
func TestBootstrapScript(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.bootstraps, func(t *testing.T, r release) {
		t.Parallel()
		t.Run("empty", func(t *testing.T) {
			s := startScenario(t, r)
			s.run(t)
			before := s.leaveEvents(t)
			s.run(t)
			s.expectEvents(t, before)
		})
		t.Run("after-argo-events", func(t *testing.T) {
			s := startScenario(t, r)
			before := s.createAsArgoEvents(t)
			s.run(t)
			s.expectEvents(t, before)
		})
	})
}

// scenario is a running bus and the script for it.
type scenario struct {
	script  bus.Script
	url     string
	js      jetstream.JetStream
	promise promise
	// buckets are the key-value buckets of the sensors.
	buckets []string
}

func startScenario(t *testing.T, r release) scenario {
	t.Helper()
	b := busOf(t, r)
	script, err := bus.FindScript(t.TempDir(), bus.Bootstrap, r.objects, b.data)
	if err != nil {
		t.Fatal(err)
	}
	servers, err := b.Start(t.TempDir())
	if servers != nil {
		t.Cleanup(servers.Stop)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := scenario{script: script, url: servers.URL, promise: promiseOf(t, r.eventBus())}
	if s.promise.Replicas < min(3, b.Replicas()) {
		t.Errorf("%d replicas on %d servers: the loss of one server loses the data or the quorum", s.promise.Replicas, b.Replicas())
	}
	if s.js, err = servers.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.js.Conn().Close)
	for _, sensor := range r.ofKind("Sensor") {
		if !sensor.Hook() {
			s.buckets = append(s.buckets, sensor.Name())
		}
	}
	return s
}

// bootstraps reports whether the bootstrap script creates the streams of a case. A migration has its own script.
func (r release) bootstraps() bool { return r.hasJetStream() && !r.migrates() }

// natsPath returns a PATH with the nats command.
func natsPath(t *testing.T) string {
	t.Helper()
	return filepath.Dir(program(t, "nats")) + string(os.PathListSeparator) + os.Getenv("PATH")
}

// run runs the script and checks its result.
func (s scenario) run(t *testing.T) {
	t.Helper()
	path := natsPath(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if out, err := s.script.Run(ctx, map[string]string{"NATS_URL": s.url}, path); err != nil {
		t.Fatalf("%v after\n%s", err, out[max(0, len(out)-2000):])
	}
	s.expectPromise(t)
}
