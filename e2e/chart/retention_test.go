package chart

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	corev1 "k8s.io/api/core/v1"
)

// TestFullStream: publishers store three times the limit of the stream, and its consumer processes nothing meanwhile. Each event is acknowledged,
// the oldest are deleted, the disks keep free space, and each probe succeeds. The stream has the share of the disk that the chart gives it.
func TestFullStream(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.hasSmallBus, func(t *testing.T, r release) {
		const size = 256 << 20
		d := startOnDisks(t, r, size)
		storage := d.b.StatefulSet.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests[corev1.ResourceStorage]
		limit := size * (promiseOf(t, r.eventBus()).MaxBytes >> 20) / (storage.Value() >> 20)
		config := jetstream.StreamConfig{Name: "default", Subjects: []string{"default.*.*"}, Replicas: d.b.Replicas(), MaxBytes: limit}
		if _, err := d.js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		consumer, err := d.js.CreateConsumer(t.Context(), "default", jetstream.ConsumerConfig{Durable: "sensor", AckPolicy: jetstream.AckExplicitPolicy})
		if err != nil {
			t.Fatal(err)
		}

		used, full, start := uint64(0), 0, time.Now()
		events := 3 * int(limit) / 50_000
		for i := range events {
			persist(t, func() error { return d.publish(t.Context()) })
			if i%50 > 0 {
				continue
			}
			for ordinal := range d.b.Replicas() {
				used = max(used, d.used(t, ordinal))
			}
			if full == 0 && infoOf(t, d.js, "default").State.FirstSeq > 1 {
				full = i
			}
		}
		took := time.Since(start)
		d.expectHealthy(t)

		state := infoOf(t, d.js, "default").State
		if state.LastSeq < uint64(events) || state.FirstSeq == 1 || state.Bytes > uint64(limit) {
			t.Errorf("%d events published, the stream has those from %d to %d with %d bytes, want the last ones with at most %d bytes",
				events, state.FirstSeq, state.LastSeq, state.Bytes, limit)
		}
		if used > size*95/100 {
			t.Errorf("the disks had %d of %d bytes in use", used, size)
		}
		message, err := consumer.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			t.Fatal(err)
		}
		at, err := message.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		if at.Sequence.Stream != state.FirstSeq {
			t.Errorf("the consumer continues at %d, want %d", at.Sequence.Stream, state.FirstSeq)
		}
		t.Logf("%d events of 50 kB in %s, limit %d MiB: the first was deleted after %d events, %d in all; disks at most %.0f %% in use",
			events, took.Round(time.Second), limit>>20, full, state.FirstSeq-1, float64(used)*100/size)
	})
}

// used returns the bytes in use on the disk of a server.
func (d diskBus) used(t *testing.T, ordinal int) uint64 {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Join(d.b.Folder(d.dir, ordinal), "data"), &s); err != nil {
		t.Fatal(err)
	}
	return (s.Blocks - s.Bfree) * uint64(s.Bsize)
}
