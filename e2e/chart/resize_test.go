package chart

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/nats-io/nats.go/jetstream"
	appsv1 "k8s.io/api/apps/v1"
)

// remaining is the number of servers after the scale-down from five.
const remaining = 3

// resizes reports whether a case has a bus that can be scaled down.
func (r release) resizes() bool { return r.hasBus() && !r.migrates() && r.hasFive() }

// hasFive reports whether a case has a bus of five servers.
func (r release) hasFive() bool {
	return slices.ContainsFunc(r.ofKind("StatefulSet"), func(o cases.Object) bool {
		var set appsv1.StatefulSet
		return o.Into(&set) == nil && *set.Spec.Replicas == 5
	})
}

// TestResize: the script of a scale-down removes servers from the cluster while events are published, and no event is lost when the servers stop.
// A second run changes nothing.
func TestResize(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.resizes, func(t *testing.T, r release) {
		s := startResize(t, r)
		want := s.fill(t)
		acked := s.publish(t)
		took := s.run(t)
		s.run(t)
		sent := acked()
		s.servers.Scale(remaining)
		s.expectComplete(t, want)
		equal(t, "stored events that were acknowledged during the scale-down", int(contentOf(t, s.js, loadStream).Msgs), sent)
		t.Logf("removed %d servers in %s, published %d events meanwhile", s.bus.Replicas()-remaining, took.Round(100*time.Millisecond), sent)
	})
}

// TestKilledResize kills the script at random moments until it has enough time to complete.
func TestKilledResize(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.resizes, func(t *testing.T, r release) {
		s := startResize(t, r)
		want := s.fill(t)
		const seed = 4
		random := rand.New(rand.NewPCG(seed, seed))
		for i := range 12 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(600*(i+1)))*time.Millisecond)
			_, err := s.script.Run(ctx, s.urls(), natsPath(t))
			cancel()
			if err == nil {
				break // it ended before it was killed
			}
		}
		s.run(t)
		s.servers.Scale(remaining)
		s.expectComplete(t, want)
	})
}

// resize is a running bus of five servers and the script that scales it down to three.
type resize struct {
	script  bus.Script
	bus     jetStream
	servers *bus.Servers
	js      jetstream.JetStream
}

func startResize(t *testing.T, r release) resize {
	t.Helper()
	objects, err := r.upgrade(t, "--set", fmt.Sprintf("bus.replicas=%d", remaining))
	if err != nil {
		t.Fatal(err)
	}
	s := resize{bus: busOf(t, r)}
	if s.script, err = bus.FindScript(t.TempDir(), bus.Resize, objects, s.bus.data); err != nil {
		t.Fatal(err)
	}
	s.servers, s.js = start(t, s.bus.Bus)
	return s
}

func (s resize) urls() map[string]string { return map[string]string{"NATS_URL": s.servers.URLs} }

// loadStream is the stream for events during the scale-down.
const loadStream = "load"

// fill fills the bus like a system would, with a stream that has a replica on each server, and streams whose only replica is on a server that is
// removed.
func (s resize) fill(t *testing.T) map[string]content {
	t.Helper()
	all := fill(t, s.js, remaining)
	gate := jetstream.StreamConfig{Name: "MOVED_one", Subjects: []string{"holdfast.moved"}, Replicas: s.bus.Replicas(), Placement: &jetstream.Placement{Tags: []string{"!zone"}}}
	s.create(t, gate)
	all[gate.Name] = contentOf(t, s.js, gate.Name)
	for removed := false; !removed; {
		name := fmt.Sprintf("single-%d", len(all))
		leader := s.create(t, jetstream.StreamConfig{Name: name, Subjects: []string{name}, Replicas: 1})
		removed = !s.remains(leader)
		persist(t, func() error {
			_, err := s.js.Publish(t.Context(), name, []byte("the only replica"), jetstream.WithMsgID(name))
			return err
		})
		persist(t, func() error {
			_, err := s.js.CreateConsumer(t.Context(), name, jetstream.ConsumerConfig{Durable: "reader", AckPolicy: jetstream.AckExplicitPolicy})
			return err
		})
		// A new consumer is not in all lists at once.
		persist(t, func() error {
			if all[name] = contentOf(t, s.js, name); len(all[name].Consumers) == 0 {
				return fmt.Errorf("%s has no consumer", name)
			}
			return nil
		})
	}
	return all
}

// create creates a stream and returns its leader.
func (s resize) create(t *testing.T, config jetstream.StreamConfig) (leader string) {
	t.Helper()
	persist(t, func() error {
		stream, err := s.js.CreateStream(t.Context(), config)
		if err != nil {
			return err
		}
		if leader = stream.CachedInfo().Cluster.Leader; leader == "" {
			return fmt.Errorf("%s has no leader", config.Name)
		}
		return nil
	})
	return leader
}

// remains reports whether a server remains after the scale-down.
func (s resize) remains(server string) bool {
	return slices.ContainsFunc([]int{0, 1, 2}, func(ordinal int) bool { return s.bus.Pod(ordinal).Name == server })
}

// publish starts to publish events, and repeats each until it is acknowledged. The returned function stops it and returns the number of events.
func (s resize) publish(t *testing.T) (end func() int) {
	t.Helper()
	s.create(t, jetstream.StreamConfig{Name: loadStream, Subjects: []string{loadStream}, Replicas: remaining, Duplicates: forever})
	ctx, cancel := context.WithCancel(t.Context())
	acked := make(chan int)
	go func() {
		n := 0
		for repeat := false; ctx.Err() == nil || repeat; { // an event without an answer may have been stored
			_, err := s.js.Publish(t.Context(), loadStream, []byte("event"), jetstream.WithMsgID(strconv.Itoa(n)))
			if repeat = err != nil; !repeat {
				n++
			}
		}
		acked <- n
	}()
	return func() int { cancel(); return <-acked }
}

// run runs the script to its end.
func (s resize) run(t *testing.T) time.Duration {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if out, err := s.script.Run(ctx, s.urls(), natsPath(t)); err != nil {
		t.Fatalf("%v after\n%s", err, out[max(0, len(out)-3000):])
	}
	return time.Since(begin)
}

// expectComplete: the remaining servers have all data, with every replica current and in its own zone. Only they are quorum members: without one of
// them, the bus still stores events and creates streams.
func (s resize) expectComplete(t *testing.T, want map[string]content) {
	t.Helper()
	for name, content := range want {
		if got := contentOf(t, s.js, name); !reflect.DeepEqual(got, content) {
			t.Errorf("%s:\ngot  %d messages %+v\nwant %d messages %+v", name, len(got.Messages), got.Consumers, len(content.Messages), content.Consumers)
		}
		replicas := remaining
		if name == "own" || strings.HasPrefix(name, "single-") {
			replicas = 1
		}
		persist(t, func() error { return s.complete(t, name, replicas) })
	}
	s.servers.Scale(remaining - 1)
	s.create(t, jetstream.StreamConfig{Name: "later", Replicas: 1})
	persist(t, func() error { _, err := s.js.Publish(t.Context(), "default.source.event", []byte("later")); return err })
}

// complete returns an error if a stream lacks replicas.
func (s resize) complete(t *testing.T, name string, replicas int) error {
	stream, err := s.js.Stream(t.Context(), name)
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	zones := zonesOf(s.bus.Bus, info)
	current := s.remains(info.Cluster.Leader) && !slices.ContainsFunc(info.Cluster.Replicas, func(p *jetstream.PeerInfo) bool { return !p.Current || p.Offline || !s.remains(p.Name) })
	if info.Config.Replicas != replicas || len(info.Cluster.Replicas) != replicas-1 || len(zones) != replicas || !current {
		return fmt.Errorf("%s: want %d replicas, got %d in the zones %v: leader %s, others %+v", name, replicas, info.Config.Replicas, zones, info.Cluster.Leader, info.Cluster.Replicas)
	}
	return nil
}
