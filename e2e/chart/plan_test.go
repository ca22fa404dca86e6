package chart

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/generator/inspect"
	"github.com/nats-io/nats.go/jetstream"
)

// TestPlanCounts: plan --bus counts the events that a lowered limit deletes on a real bus, with its users and certificates.
func TestPlanCounts(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(r release) bool { return r.Name == "single-node" || r.Name == "multi-node" }, func(t *testing.T, r release) {
		t.Parallel()
		s := startScenario(t, r)
		access := inspect.Bus{URL: s.url, AuthFile: writeData(t, r, "auth.yaml"), CAFile: writeData(t, r, "ca.crt")}
		if _, _, err := inspect.Stream(t.Context(), access); !errors.Is(err, inspect.ErrBus) || !strings.Contains(err.Error(), `no stream "default"`) {
			t.Errorf("a bus without the stream: %v", err)
		}
		stream, between := s.fill(t)

		live, disconnect, err := inspect.Stream(t.Context(), access)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "events", live.Messages, 499)
		equal(t, "events that the sensor has not processed", live.Unread, 399)
		for name, c := range map[string]struct {
			before time.Time
			want   uint64
		}{"the first event": {between.Add(-time.Hour), 0}, "both halves": {between, 299}, "now": {time.Now().Add(time.Hour), 499}} {
			older, err := live.Before(c.before)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "events before "+name, older, c.want)
		}
		disconnect()

		bin, err := holdfast()
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"plan", r.Stack, "--from", r.Profile, "--to-set", "eventBus.stream.maxMsgs=250", "--bus", access.URL, "--bus-auth", access.AuthFile}
		out, err := exec.Command(string(bin), append(args, "--bus-ca", access.CAFile)...).CombinedOutput()
		expectExit(t, err, 1)
		if text := strings.Join(strings.Fields(string(out)), " "); !strings.Contains(text, "the server deletes 249 of 499 events, up to 149 of which some sensor has not processed") {
			t.Errorf("got\n%s", out)
		}
		out, err = exec.Command(string(bin), args...).CombinedOutput()
		expectExit(t, err, 3)
		if !strings.Contains(string(out), "cannot read the bus: connecting to "+access.URL) {
			t.Errorf("with the CAs of the system, got\n%s", out)
		}

		config := infoOf(t, s.js, eventStream).Config
		config.MaxMsgs = 250
		if _, err := s.js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		consumer, err := stream.Consumer(t.Context(), "sensor")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "events after the change", infoOf(t, s.js, eventStream).State.Msgs, 499-249)
		equal(t, "unprocessed events after the change", consumer.CachedInfo().NumPending, 399-149)
	})
}

// fill stores 500 events, deletes one of them, and lets a sensor process the first 100. It returns a time between the first 300
// and the others.
func (s scenario) fill(t *testing.T) (stream jetstream.Stream, between time.Time) {
	t.Helper()
	ctx := t.Context()
	persist(t, func() (err error) {
		stream, err = s.js.CreateStream(ctx, jetstream.StreamConfig{Name: eventStream, Subjects: []string{eventSubjects}, Replicas: s.promise.Replicas})
		return err
	})
	publish := func(n int) {
		for range n {
			if _, err := s.js.Publish(ctx, "default.source.event", []byte("event")); err != nil {
				t.Fatal(err)
			}
		}
	}
	publish(300)
	between = time.Now()
	publish(200)
	if err := stream.DeleteMsg(ctx, 10); err != nil {
		t.Fatal(err)
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "sensor", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	events, err := consumer.Fetch(100)
	if err != nil {
		t.Fatal(err)
	}
	for event := range events.Messages() {
		if err := event.DoubleAck(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return stream, between
}

// writeData writes content of the bus's Secrets to a file and returns its name.
func writeData(t *testing.T, r release, key string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), key)
	if err := os.WriteFile(file, []byte(busOf(t, r).data.Find(key)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func expectExit(t *testing.T, err error, code int) {
	t.Helper()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Errorf("got %v, want exit code %d", err, code)
	}
}
