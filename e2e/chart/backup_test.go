package chart

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestBackup: a backup of a bus is restored to an empty one, with all messages and the positions of the consumers.
func TestBackup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to string }{{"single-node", "single-node"}, {"multi-node", "multi-node"}, {"single-node", "multi-node"}} {
		t.Run(c.from+"-to-"+c.to, func(t *testing.T) {
			t.Parallel()
			bin := binary(t)
			old, empty := startBus(t, c.from), startBus(t, c.to)
			want := fill(t, old.js, old.replicas)
			if old.replicas > 1 {
				for name, content := range want {
					want[name] = content.backedUp()
				}
			}
			dir := filepath.Join(t.TempDir(), "backup")
			out := old.holdfast(t, 0, "backup", dir)
			expectWords(t, out, "default 280 21-300", "group-processor 130 pending after 121", "KV_processor 1 1-1")
			if streams := strings.Fields(out); slices.Index(streams, "KV_processor") < slices.Index(streams, "own") {
				t.Errorf("buckets are not saved last:\n%s", out)
			}
			if out, err := command(dir, "sha256sum", "--check", "SHA256SUMS").CombinedOutput(); err != nil {
				t.Errorf("sha256sum: %v\n%s", err, out)
			}

			// The chart has created its stream, still empty, with other limits.
			created := jetstream.StreamConfig{Name: eventStream, Subjects: []string{eventSubjects}, Replicas: empty.replicas, MaxMsgs: 1000, Duplicates: forever}
			persist(t, func() error { _, err := empty.js.CreateStream(t.Context(), created); return err })
			expectWords(t, empty.holdfast(t, 0, "restore", dir), "default 280 21-300", "after 121", "own 1 1-1", "KV_processor 1 1-1")
			expectContent(t, empty.js, want)
			config := infoOf(t, empty.js, eventStream).Config
			equal(t, "limit of the replaced stream", config.MaxMsgs, 1000)
			equal(t, "replicas of the replaced stream", config.Replicas, empty.replicas)

			// The restored bus works: the consumer continues after its position, and events are stored after the last one.
			first := fetchOne(t, empty.js, "group-processor")
			meta, err := first.Metadata()
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "first message of the consumer", meta.Sequence.Stream > 121, true)
			persist(t, func() error {
				ack, err := empty.js.Publish(t.Context(), "default.source.event", []byte("later"))
				if err == nil {
					equal(t, "sequence of the next event", ack.Sequence, 301)
				}
				return err
			})

			// A stream with events is replaced on demand only.
			out = empty.holdfast(t, 2, "restore", dir)
			expectWords(t, out, "data would be lost, and nothing was changed", "stream default exists, with 281 messages up to sequence 301: pass --replace", "stream own exists", "stream KV_processor exists")
			equal(t, "last sequence after a refusal", infoOf(t, empty.js, eventStream).State.LastSeq, 301)
			empty.holdfast(t, 0, "restore", dir, "--replace")
			expectContent(t, empty.js, want)

			// A connected sensor would create its consumer again, at the end of the stream.
			consumer, err := empty.js.Consumer(t.Context(), eventStream, "group-processor")
			if err != nil {
				t.Fatal(err)
			}
			fetchAll(t, consumer)
			waiting, err := consumer.Messages()
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = waiting.Next() }()
			persist(t, func() error {
				if info, err := consumer.Info(t.Context()); err != nil || info.NumWaiting == 0 {
					return fmt.Errorf("the client does not wait yet: %v", err)
				}
				return nil
			})
			expectWords(t, empty.holdfast(t, 2, "restore", dir, "--replace"), "consumer group-processor of stream default has a client")
			waiting.Stop()
			// Its last request may end a moment later.
			persist(t, func() error {
				return exec.Command(bin, append([]string{"restore", dir, "--replace"}, empty.flags...)...).Run()
			})

			// A damaged backup changes nothing, also with --replace.
			data := filepath.Join(dir, eventStream, "stream.tar.s2")
			text, err := os.ReadFile(data)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(data, text[:len(text)-10], 0o600); err != nil {
				t.Fatal(err)
			}
			expectWords(t, empty.holdfast(t, 2, "restore", dir, "--replace"), data+" is damaged or truncated")
			expectContent(t, empty.js, want)
		})
	}
}

// TestBackupRefusals: a backup needs a bus with streams and a new folder, and a restore does not cut off messages.
func TestBackupRefusals(t *testing.T) {
	t.Parallel()
	b, dir := startBus(t, "single-node"), filepath.Join(t.TempDir(), "backup")
	expectWords(t, b.holdfast(t, 3, "backup", dir), "has no streams: pass the URL and the user of the release's bus")
	if _, err := os.Lstat(dir); err == nil {
		t.Error("a failed backup has left a folder")
	}
	fill(t, b.js, 1)
	if _, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "volatile", Subjects: []string{"volatile"}, Storage: jetstream.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
	expectWords(t, b.holdfast(t, 0, "backup", dir), "not saved: volatile: the stream is in memory")
	expectWords(t, b.holdfast(t, 2, "backup", dir), "exists: a backup needs a new folder")

	if err := b.js.DeleteStream(t.Context(), eventStream); err != nil {
		t.Fatal(err)
	}
	small := jetstream.StreamConfig{Name: eventStream, Subjects: []string{eventSubjects}, MaxMsgs: 100}
	if _, err := b.js.CreateStream(t.Context(), small); err != nil {
		t.Fatal(err)
	}
	expectWords(t, b.holdfast(t, 2, "restore", dir, "--replace"), "stream default keeps 100 messages at most, and the backup has 280: raise the limit")
}

// runningBus is a running bus of a case, and the flags to reach it.
type runningBus struct {
	js       jetstream.JetStream
	flags    []string
	replicas int
}

func startBus(t *testing.T, name string) runningBus {
	t.Helper()
	all, err := releases()
	if err != nil {
		t.Fatal(err)
	}
	r := all[slices.IndexFunc(all, func(r release) bool { return r.Name == name })]
	b := busOf(t, r)
	servers, js := start(t, b.Bus)
	flags := []string{"--bus", servers.URL, "--bus-auth", writeData(t, r, "auth.yaml"), "--bus-ca", writeData(t, r, "ca.crt")}
	return runningBus{js, flags, min(3, b.Replicas())}
}

// holdfast runs a command against the bus, and returns its output.
func (b runningBus) holdfast(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t), slices.Concat(args, b.flags)...).CombinedOutput()
	if code == 0 && err != nil {
		t.Fatalf("holdfast %v: %v\n%s", args, err, out)
	}
	if code != 0 {
		expectExit(t, err, code)
	}
	return string(out)
}

func binary(t *testing.T) string {
	t.Helper()
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	return string(bin)
}

// expectWords: the output has these words, whatever spaces are between them.
func expectWords(t *testing.T, out string, wants ...string) {
	t.Helper()
	text := strings.Join(strings.Fields(out), " ")
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func expectContent(t *testing.T, js jetstream.JetStream, want map[string]content) {
	t.Helper()
	for name, want := range want {
		if got := contentOf(t, js, name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %d messages %+v\nwant %d messages %+v", name, len(got.Messages), got.Consumers, len(want.Messages), want.Consumers)
		}
	}
}

// fetchAll receives all messages of a consumer, without acknowledging them.
func fetchAll(t *testing.T, consumer jetstream.Consumer) {
	t.Helper()
	persist(t, func() error {
		batch, err := consumer.FetchNoWait(1000)
		if err != nil {
			return err
		}
		for range batch.Messages() {
		}
		info, err := consumer.Info(t.Context())
		if err == nil && info.NumPending > 0 {
			err = fmt.Errorf("%d messages are pending", info.NumPending)
		}
		return err
	})
}

func fetchOne(t *testing.T, js jetstream.JetStream, consumer string) (first jetstream.Msg) {
	t.Helper()
	persist(t, func() error {
		c, err := js.Consumer(t.Context(), eventStream, consumer)
		if err != nil {
			return err
		}
		first, err = c.Next()
		return err
	})
	return first
}

func command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd
}
