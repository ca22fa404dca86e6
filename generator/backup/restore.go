package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/generator/inspect"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// chunkSize is the size of a message with data. Servers accept 1 MiB by default.
const chunkSize = 512 << 10

// Limits of the steps of a restore. building: after the last chunk the server builds the stream. settling: the servers of a cluster
// receive streams and consumers a moment later. deleting: the servers of a cluster forget a deleted stream a moment later.
const (
	building = 30 * time.Minute
	settling = 5 * time.Minute
	deleting = 30 * time.Second
)

// Restore restores the streams of a backup with the positions of their consumers. It changes nothing before it has verified all files,
// and that no data would be lost. An existing stream is replaced and keeps its configuration; with messages, now or before, only if
// replace is set.
func Restore(ctx context.Context, access inspect.Bus, dir string, replace bool, report Report) ([]Stream, error) {
	report("verifying the backup")
	all, err := read(dir)
	if err != nil {
		return nil, err
	}
	b, err := connect(access)
	if err != nil {
		return nil, err
	}
	defer b.conn.Close()
	var targets []target
	var reasons []string
	for _, s := range all {
		t, err := b.target(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%w: reading stream %s: %w", ErrBus, s.config.Name, err)
		}
		targets = append(targets, t)
		reasons = append(reasons, t.losses(replace)...)
	}
	if len(reasons) > 0 {
		return nil, fmt.Errorf("data would be lost, and nothing was changed:\n  %s", strings.Join(reasons, "\n  "))
	}
	var restored []Stream
	for _, t := range targets {
		s, err := b.restore(ctx, t, replace, report)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", t.saved.config.Name, err)
		}
		restored = append(restored, s)
	}
	return restored, nil
}

// target is a stream of a backup, and the stream on the bus that it replaces.
type target struct {
	saved  saved
	exists bool
	// raw and config are the configuration of the restored stream: that of the existing stream, or that in the backup.
	raw    json.RawMessage
	config config
	// state is that of the existing stream, clients are its consumers with a client that waits for messages.
	state   state
	clients []string
}

// target reads the existing stream.
func (b *bus) target(ctx context.Context, s saved) (target, error) {
	t := target{saved: s, raw: s.Config, config: s.config}
	var info meta
	err := b.request(ctx, "INFO", s.config.Name, struct{}{}, &info)
	if refused := (*jetstream.APIError)(nil); errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamNotFound {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	t.exists, t.raw = true, info.Config
	if err := errors.Join(json.Unmarshal(info.Config, &t.config), json.Unmarshal(info.State, &t.state)); err != nil {
		return t, err
	}
	t.clients, err = b.clients(ctx, s.config.Name)
	return t, err
}

// clients returns the consumers of a stream that have a client. A client between two requests is not found.
func (b *bus) clients(ctx context.Context, stream string) (names []string, err error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	all := s.ListConsumers(ctx)
	for info := range all.Info() {
		if info.NumWaiting > 0 || info.PushBound {
			names = append(names, info.Name)
		}
	}
	slices.Sort(names)
	return names, all.Err()
}

// losses returns the data that a restore would lose, of the bus or of the backup, and the way out.
func (t target) losses(replace bool) (reasons []string) {
	name, has := t.saved.config.Name, t.saved.state
	if t.state.LastSeq > 0 && !replace {
		reasons = append(reasons, fmt.Sprintf("stream %s exists, with %d messages up to sequence %d: pass --replace to delete it, or the URL of another bus", name, t.state.Messages, t.state.LastSeq))
	}
	for _, consumer := range t.clients {
		reasons = append(reasons, fmt.Sprintf("consumer %s of stream %s has a client, which would create the consumer again without its position: stop the sensors, and wait half a minute for the end of their requests", consumer, name))
	}
	if t.config.MaxMsgs > 0 && has.Messages > uint64(t.config.MaxMsgs) {
		reasons = append(reasons, fmt.Sprintf("stream %s keeps %d messages at most, and the backup has %d: raise the limit of the stream", name, t.config.MaxMsgs, has.Messages))
	}
	if t.config.MaxBytes > 0 && has.Bytes > uint64(t.config.MaxBytes) {
		reasons = append(reasons, fmt.Sprintf("stream %s keeps %d bytes at most, and the backup has %d: raise the limit of the stream", name, t.config.MaxBytes, has.Bytes))
	}
	return reasons
}

// restore restores a stream, and waits until it has all data and all replicas.
func (b *bus) restore(ctx context.Context, t target, replace bool, report Report) (Stream, error) {
	name := t.saved.config.Name
	report("restoring stream " + name)
	until := time.Now()
	if t.exists || replace {
		until = until.Add(deleting)
	}
	if t.exists {
		if err := b.js.DeleteStream(ctx, name); err != nil {
			return Stream{}, fmt.Errorf("%w: deleting the old stream: %w", ErrBus, noReply(err))
		}
	}
	var to struct {
		Subject string `json:"deliver_subject"`
	}
	body := map[string]json.RawMessage{"config": t.raw, "state": t.saved.State}
	err := b.request(ctx, "RESTORE", name, body, &to)
	for err != nil && time.Now().Before(until) && pause(ctx) {
		if replace { // an interrupted restore leaves its name in use, without a stream
			_ = b.js.DeleteStream(ctx, name)
		}
		err = b.request(ctx, "RESTORE", name, body, &to)
	}
	if err != nil {
		return Stream{}, fmt.Errorf("%w: %w: stop the event sources and sensors, which create missing streams, and run the command again", ErrBus, err)
	}
	if err := b.send(ctx, to.Subject, t.saved, report); err != nil {
		return Stream{}, err
	}
	report("waiting for the replicas of stream " + name)
	return b.settle(ctx, t)
}

// send sends the data of a stream (nats-server v2.15.2 jetstream_api.go processStreamRestore). The server responds to each chunk, and to
// an empty one when the stream is complete.
func (b *bus) send(ctx context.Context, subject string, s saved, report Report) error {
	f, err := os.Open(filepath.Join(s.dir, dataFile))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sent := uint64(0)
	failed := func(err error) error {
		return fmt.Errorf("%w: after %s: %w: the bus has no such stream now: run the command again", ErrBus, Size(sent), err)
	}
	chunk := make([]byte, min(chunkSize, b.conn.MaxPayload()/2))
	for {
		n, err := io.ReadFull(f, chunk)
		if n > 0 {
			if err := b.sendChunk(ctx, subject, chunk[:n], stall); err != nil {
				return failed(err)
			}
			sent += uint64(n)
			report(fmt.Sprintf("restoring stream %s: %s", s.config.Name, Size(sent)))
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := b.sendChunk(ctx, subject, nil, building); err != nil {
		return failed(err)
	}
	return nil
}

func (b *bus) sendChunk(ctx context.Context, subject string, data []byte, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reply, err := b.conn.RequestWithContext(limited, subject, data)
	// Another server may not yet have the subscription of the one that restores, which waits for five seconds.
	for end := time.Now().Add(4 * time.Second); errors.Is(err, nats.ErrNoResponders) && time.Now().Before(end) && pause(limited); {
		reply, err = b.conn.RequestWithContext(limited, subject, data)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no response for %s", limit)
	case errors.Is(err, nats.ErrNoResponders):
		return errors.New("the server has ended the restore")
	case err != nil:
		return err
	case len(reply.Data) == 0:
		return nil
	}
	return decode(reply.Data, &struct{}{})
}

// settle waits until the stream has all messages, consumers and replicas.
func (b *bus) settle(ctx context.Context, t target) (Stream, error) {
	s, err := b.compare(ctx, t)
	for end := time.Now().Add(settling); err != nil && time.Now().Before(end) && pause(ctx); {
		s, err = b.compare(ctx, t)
	}
	if err != nil {
		return Stream{}, fmt.Errorf("%w: the restored stream differs from the backup: %w", ErrBus, noReply(err))
	}
	return s, nil
}

// compare returns the restored stream; an error if it lacks anything of the backup.
func (b *bus) compare(ctx context.Context, t target) (Stream, error) {
	name, want := t.saved.config.Name, t.saved.state
	stream, err := b.js.Stream(ctx, name)
	if err != nil {
		return Stream{}, err
	}
	info := stream.CachedInfo()
	now := info.State
	expires := t.config.MaxAge > 0 || t.config.AllowMsgTTL
	if now.LastSeq < want.LastSeq || now.Msgs < want.Messages && !expires {
		return Stream{}, fmt.Errorf("%d messages up to sequence %d instead of %d up to %d", now.Msgs, now.LastSeq, want.Messages, want.LastSeq)
	}
	if info.Cluster != nil {
		for _, replica := range info.Cluster.Replicas {
			if !replica.Current || replica.Offline {
				return Stream{}, fmt.Errorf("the replica on %s is not current", replica.Name)
			}
		}
	}
	consumers, err := b.consumers(ctx, name)
	if err != nil {
		return Stream{}, err
	}
	for _, c := range t.saved.Consumers {
		if err := reached(consumers, c); err != nil {
			return Stream{}, err
		}
	}
	return Stream{
		Name: name, Messages: now.Msgs, FirstSequence: now.FirstSeq, LastSequence: now.LastSeq, Bytes: now.Bytes, Consumers: consumers,
		Expired: want.Messages - min(want.Messages, now.Msgs),
	}, nil
}

// reached returns an error if a consumer is missing, or before its position in the backup.
func reached(consumers []Consumer, want Consumer) error {
	for _, c := range consumers {
		switch {
		case c.Name != want.Name:
		case c.Acknowledged < want.Acknowledged:
			return fmt.Errorf("consumer %s is at sequence %d instead of %d", c.Name, c.Acknowledged, want.Acknowledged)
		default:
			return nil
		}
	}
	return fmt.Errorf("consumer %s is missing", want.Name)
}

// pause waits between two tries, and reports whether another may follow.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(500 * time.Millisecond):
		return true
	}
}
