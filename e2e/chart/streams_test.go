package chart

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// The stream of Argo Events, and its subjects.
const (
	eventStream   = "default"
	eventSubjects = "default.*.*"
)

// streams returns the names of all streams.
func (s scenario) streams() []string {
	names := []string{eventStream}
	for _, bucket := range s.buckets {
		names = append(names, "KV_"+bucket)
	}
	return names
}

// persist calls do until it succeeds: after a start or a change of the leader, a bus does not answer some requests.
func persist(t *testing.T, do func() error) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	err := do()
	for deadline := time.Now().Add(patience); err != nil && time.Now().Before(deadline); <-tick.C {
		err = do()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func infoOf(t *testing.T, js jetstream.JetStream, stream string) (info *jetstream.StreamInfo) {
	t.Helper()
	persist(t, func() error {
		found, err := js.Stream(t.Context(), stream)
		if err != nil {
			return fmt.Errorf("stream %s: %w", stream, err)
		}
		info = found.CachedInfo()
		return nil
	})
	return info
}

// expectPromise: the stream has the configuration in the EventBus, and every bucket has as many replicas.
func (s scenario) expectPromise(t *testing.T) {
	t.Helper()
	for _, name := range s.streams() {
		equal(t, name+": replicas", infoOf(t, s.js, name).Config.Replicas, s.promise.Replicas)
	}
	c := infoOf(t, s.js, eventStream).Config
	if !reflect.DeepEqual(c.Subjects, []string{eventSubjects}) {
		t.Errorf("subjects: got %v, want %s", c.Subjects, eventSubjects)
	}
	equal(t, "maxAge", c.MaxAge, time.Duration(s.promise.MaxAge))
	equal(t, "maxMsgs", c.MaxMsgs, s.promise.MaxMsgs)
	equal(t, "maxBytes", c.MaxBytes, s.promise.MaxBytes)
	equal(t, "duplicates", c.Duplicates, time.Duration(s.promise.Duplicates))
	equal(t, "retention", int(c.Retention), s.promise.Retention)
	equal(t, "discard", int(c.Discard), s.promise.Discard)
	equal(t, "storage", c.Storage, jetstream.FileStorage)
}

// zonesOf returns the zones of a stream's replicas, on a bus of several servers.
func zonesOf(b *bus.Bus, info *jetstream.StreamInfo) map[string]bool {
	zones := map[string]bool{}
	for ordinal := range b.Replicas() {
		pod := b.Pod(ordinal)
		if info.Cluster.Leader == pod.Name || slices.ContainsFunc(info.Cluster.Replicas, func(p *jetstream.PeerInfo) bool { return p.Name == pod.Name }) {
			zones[pod.Zone] = true
		}
	}
	return zones
}

// state is the part of an existing stream that the script must keep.
type state struct {
	created  time.Time
	messages uint64
}

// leaveEvents stores an event in the stream and a value in each bucket, and returns the state of all streams.
func (s scenario) leaveEvents(t *testing.T) map[string]state {
	t.Helper()
	persist(t, func() error {
		_, err := s.js.Publish(t.Context(), "default.source.event", []byte("event"), jetstream.WithMsgID("1"))
		return err
	})
	for _, bucket := range s.buckets {
		persist(t, func() error {
			kv, err := s.js.KeyValue(t.Context(), bucket)
			if err != nil {
				return err
			}
			_, err = kv.Put(t.Context(), "trigger", []byte("state"))
			return err
		})
	}
	return s.states(t)
}

func (s scenario) states(t *testing.T) map[string]state {
	t.Helper()
	states := map[string]state{}
	for _, name := range s.streams() {
		info := infoOf(t, s.js, name)
		states[name] = state{info.Created, info.State.Msgs}
	}
	return states
}

// expectEvents: the streams are the same ones with the same content.
func (s scenario) expectEvents(t *testing.T, before map[string]state) {
	t.Helper()
	for name, now := range s.states(t) {
		equal(t, name, now, before[name])
		if now.messages == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}

// createAsArgoEvents creates all streams like Argo Events on a bus with an empty streamConfig: with one replica and without limits
// (pkg/eventbus/jetstream: CreateStream in base/jetstream.go, sensor/sensor_jetstream.go).
func (s scenario) createAsArgoEvents(t *testing.T) map[string]state {
	t.Helper()
	event := jetstream.StreamConfig{Name: eventStream, Subjects: []string{eventSubjects}, Storage: jetstream.FileStorage}
	persist(t, func() error {
		_, err := s.js.CreateStream(t.Context(), event)
		return err
	})
	for _, bucket := range s.buckets {
		persist(t, func() error {
			_, err := s.js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: bucket})
			return err
		})
	}
	return s.leaveEvents(t)
}
