// Package backup saves the streams of a bus to a folder, with their consumers, and restores them to a bus. Buckets are streams.
package backup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/generator/inspect"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrBus is wrapped by errors of the bus: it is unreachable, refuses a request, or stops responding.
var ErrBus = errors.New("the bus failed")

// Stream is a saved or restored stream.
type Stream struct {
	Name          string     `json:"name"`
	Messages      uint64     `json:"messages"`
	FirstSequence uint64     `json:"firstSequence"`
	LastSequence  uint64     `json:"lastSequence"`
	Bytes         uint64     `json:"bytes"`
	Consumers     []Consumer `json:"consumers"`
	// Expired is how many messages of the backup were too old for the stream when it was restored.
	Expired uint64 `json:"expired,omitempty"`
}

// Consumer is a durable consumer of a stream, and its position.
type Consumer struct {
	Name string `json:"name"`
	// Acknowledged is the sequence up to which all messages are acknowledged. A restored consumer continues after it.
	Acknowledged uint64 `json:"acknowledged"`
	// Pending is the number of messages that have not been delivered.
	Pending uint64 `json:"pending"`
}

// Report shows the step of a long task.
type Report func(step string)

// patience limits a request. stall limits the time without any data of a stream: nats-server gives up after five seconds without a
// response (v2.15.2 jetstream_api.go defaultSnapshotAckTimeout), but may need longer before it sends the first data.
const (
	patience = 10 * time.Second
	stall    = time.Minute
)

// bus is a connection.
type bus struct {
	conn *nats.Conn
	js   jetstream.JetStream
}

func connect(access inspect.Bus) (*bus, error) {
	options, err := access.Options()
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect(access.URL, append(options, nats.Name("holdfast backup"))...)
	if err != nil {
		return nil, fmt.Errorf("%w: connecting to %s: %w", ErrBus, access.URL, err)
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(patience))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrBus, err)
	}
	return &bus{conn, js}, nil
}

// request sends a request to the JetStream API and decodes the response. It is for calls whose configuration must reach the file or
// the server unchanged: the types of the client drop fields of later servers.
func (b *bus) request(ctx context.Context, operation, stream string, body, response any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reply, err := b.conn.RequestWithContext(ctx, fmt.Sprintf("$JS.API.STREAM.%s.%s", operation, stream), text)
	if err != nil {
		return noReply(err)
	}
	return decode(reply.Data, response)
}

// decode decodes a response of the JetStream API; an error in it is a *jetstream.APIError.
func decode(text []byte, response any) error {
	var refused struct{ Error *jetstream.APIError }
	if err := json.Unmarshal(text, &refused); err != nil {
		return err
	}
	if refused.Error != nil {
		return refused.Error
	}
	return json.Unmarshal(text, response)
}

// noReply returns the cause of a request without a response, in other words than those of a context.
func noReply(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) {
		return errors.New("no response: a bus without a majority of its servers does not respond")
	}
	return err
}

// streams returns the names of all streams in the order of a backup: buckets last. A sensor writes an event to its bucket before it
// acknowledges the event, so the backup of a running bus may have an event in both, but never in neither. ignored are the streams
// without a backup, with the reason.
func (b *bus) streams(ctx context.Context) (names, ignored []string, err error) {
	all := b.js.ListStreams(ctx)
	for info := range all.Info() {
		switch name := info.Config.Name; {
		case info.Config.Storage == jetstream.MemoryStorage:
			ignored = append(ignored, name+": the stream is in memory, and only files can be saved")
		case strings.HasPrefix(name, "MOVED_"), strings.HasPrefix(name, "KV_MOVING_"):
			ignored = append(ignored, name+": the stream is a mark of a migration")
		default:
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x, y)) })
	slices.Sort(ignored)
	return names, ignored, all.Err()
}

func rank(stream string) int {
	if strings.HasPrefix(stream, "KV_") {
		return 1
	}
	return 0
}

// consumers returns the durable consumers of a stream by name.
func (b *bus) consumers(ctx context.Context, stream string) ([]Consumer, error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	consumers := []Consumer{}
	all := s.ListConsumers(ctx)
	for info := range all.Info() {
		if info.Config.Durable != "" {
			consumers = append(consumers, Consumer{info.Name, info.AckFloor.Stream, info.NumPending})
		}
	}
	slices.SortFunc(consumers, func(x, y Consumer) int { return cmp.Compare(x.Name, y.Name) })
	return consumers, all.Err()
}
