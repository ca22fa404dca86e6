package chart

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// TestBootstrapScript: the script of the bootstrap Job makes the stream and the buckets that are promised on a real bus,
// makes them so where others were first, and changes nothing when it is run again.
func TestBootstrapScript(t *testing.T) {
	hasScript := func(r release) bool { return r.eventBus().JetStream != nil || r.eventBus().JetStreamExotic != nil }
	eachRelease(t, hasScript, func(t *testing.T, r release) {
		s := startScenario(t, r)
		t.Log("on an empty bus")
		s.run(t)
		t.Log("again")
		before := s.leaveEvents(t)
		s.run(t)
		s.expectEvents(t, before)
		t.Log("on what Argo Events makes by itself")
		before = s.makeAsArgoEvents(t)
		s.run(t)
		s.expectEvents(t, before)
	})
}

// scenario is a running bus and the script for it.
type scenario struct {
	script  bus.Script
	url     string
	js      jetstream.JetStream
	promise promise
	// buckets are those of the sensors.
	buckets []string
}

func startScenario(t *testing.T, r release) scenario {
	t.Helper()
	data, err := busData(r)
	if err != nil {
		t.Fatal(err)
	}
	script, err := bus.FindScript(t.TempDir(), r.objects, data)
	if err != nil {
		t.Fatal(err)
	}
	servers, err := busFor(t, r).Start(t.TempDir())
	if servers != nil {
		t.Cleanup(servers.Stop)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := scenario{script: script, url: servers.URL, promise: promiseOf(t, r.eventBus())}
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

// run runs the script, which must succeed and leave everything as promised.
func (s scenario) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	path := filepath.Dir(program(t, "nats")) + string(os.PathListSeparator) + os.Getenv("PATH")
	if out, err := s.script.Run(ctx, s.url, path); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.expectPromise(t)
}
