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

// remaining is how many servers the upgrades in these tests leave of five.
const remaining = 3

// resizes tells whether a case has a bus that can get smaller.
func (r release) resizes() bool { return r.hasBus() && !r.moves() && r.hasFive() }

// hasFive tells whether a case has a bus of five servers.
func (r release) hasFive() bool {
	return slices.ContainsFunc(r.ofKind("StatefulSet"), func(o cases.Object) bool {
		var set appsv1.StatefulSet
		return o.Into(&set) == nil && *set.Spec.Replicas == 5
	})
}

// TestResize: the script that runs before an upgrade to fewer servers takes those that go out of the cluster while events come in,
// and nothing is lost when they stop. Run again it changes nothing.
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
		s.expectWhole(t, want)
		equal(t, "events acknowledged meanwhile and there", int(contentOf(t, s.js, loadStream).Msgs), sent)
		t.Logf("%d servers left in %s, meanwhile %d events", s.bus.Replicas()-remaining, took.Round(100*time.Millisecond), sent)
	})
}

// TestResizeIsKilled kills it at random moments, until it had the time that it takes.
func TestResizeIsKilled(t *testing.T) {
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
				break // it was done before it could be killed
			}
		}
		s.run(t)
		s.servers.Scale(remaining)
		s.expectWhole(t, want)
	})
}

// resize is a running bus of five servers and the script that makes it one of three.
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

// loadStream is where events come in while servers leave.
const loadStream = "load"

// fill puts into the bus what a system leaves there, a stream with as many copies as there are servers, and streams whose only copy is on one
// that leaves.
func (s resize) fill(t *testing.T) map[string]content {
	t.Helper()
	all := fill(t, s.js, remaining)
	gate := jetstream.StreamConfig{Name: "MOVED_one", Subjects: []string{"holdfast.moved"}, Replicas: s.bus.Replicas(), Placement: &jetstream.Placement{Tags: []string{"!zone"}}}
	s.create(t, gate)
	all[gate.Name] = contentOf(t, s.js, gate.Name)
	for leaving := false; !leaving; {
		name := fmt.Sprintf("lone-%d", len(all))
		leader := s.create(t, jetstream.StreamConfig{Name: name, Subjects: []string{name}, Replicas: 1})
		leaving = !s.stays(leader)
		persist(t, func() error {
			_, err := s.js.Publish(t.Context(), name, []byte("the only copy"), jetstream.WithMsgID(name))
			return err
		})
		persist(t, func() error {
			_, err := s.js.CreateConsumer(t.Context(), name, jetstream.ConsumerConfig{Durable: "reader", AckPolicy: jetstream.AckExplicitPolicy})
			return err
		})
		// A consumer that was just made is not yet on every list.
		persist(t, func() error {
			if all[name] = contentOf(t, s.js, name); len(all[name].Consumers) == 0 {
				return fmt.Errorf("%s has no consumer", name)
			}
			return nil
		})
	}
	return all
}

// create makes a stream and returns its leader.
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

// stays tells whether a server is one of those that are left.
func (s resize) stays(server string) bool {
	return slices.ContainsFunc([]int{0, 1, 2}, func(ordinal int) bool { return s.bus.Pod(ordinal).Name == server })
}

// publish begins to publish events, each until it is acknowledged; the returned function ends that and tells how many there were.
func (s resize) publish(t *testing.T) (end func() int) {
	t.Helper()
	s.create(t, jetstream.StreamConfig{Name: loadStream, Subjects: []string{loadStream}, Replicas: remaining, Duplicates: forever})
	ctx, cancel := context.WithCancel(t.Context())
	acked := make(chan int)
	go func() {
		n := 0
		for lost := false; ctx.Err() == nil || lost; { // one without an answer may have been stored
			_, err := s.js.Publish(t.Context(), loadStream, []byte("event"), jetstream.WithMsgID(strconv.Itoa(n)))
			if lost = err != nil; !lost {
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

// expectWhole: the servers that are left have everything, each copy in a zone of its own and current. They are all that vote: with one less they
// still take events and make streams.
func (s resize) expectWhole(t *testing.T, want map[string]content) {
	t.Helper()
	for name, content := range want {
		if got := contentOf(t, s.js, name); !reflect.DeepEqual(got, content) {
			t.Errorf("%s:\ngot  %d messages %+v\nwant %d messages %+v", name, len(got.Messages), got.Consumers, len(content.Messages), content.Consumers)
		}
		copies := remaining
		if name == "own" || strings.HasPrefix(name, "lone-") {
			copies = 1
		}
		persist(t, func() error { return s.complete(t, name, copies) })
	}
	s.servers.Scale(remaining - 1)
	s.create(t, jetstream.StreamConfig{Name: "later", Replicas: 1})
	persist(t, func() error { _, err := s.js.Publish(t.Context(), "default.source.event", []byte("later")); return err })
}

// complete tells what a stream lacks of its copies.
func (s resize) complete(t *testing.T, name string, copies int) error {
	stream, err := s.js.Stream(t.Context(), name)
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	zones := zonesOf(s.bus.Bus, info)
	current := s.stays(info.Cluster.Leader) && !slices.ContainsFunc(info.Cluster.Replicas, func(p *jetstream.PeerInfo) bool { return !p.Current || p.Offline || !s.stays(p.Name) })
	if info.Config.Replicas != copies || len(info.Cluster.Replicas) != copies-1 || len(zones) != copies || !current {
		return fmt.Errorf("%s: want %d copies, got %d, in the zones %v: leader %s, others %+v", name, copies, info.Config.Replicas, zones, info.Cluster.Leader, info.Cluster.Replicas)
	}
	return nil
}
