// Package inspect reads the running system of a release: the stream of its bus, and the places of its disks. It never writes.
package inspect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/holdfast-ha/holdfast/generator/plan"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"sigs.k8s.io/yaml"
)

// ErrBus is wrapped by errors of the bus: it is unreachable, refuses a request, or has no stream of events.
var ErrBus = errors.New("cannot read the bus")

// Bus is a JetStream bus, and how to connect to it.
type Bus struct {
	// URL is the address of a server: nats://host:4222.
	URL string
	// AuthFile has username and password, or a token, as YAML; empty: none. CAFile has the certificates of the CA; empty: those
	// of the system.
	AuthFile, CAFile string
	// ServerName is the name in the server's certificate; empty: the host of the URL.
	ServerName string
}

// eventStream is the stream of every bus (argo-events v1.9.11 pkg/apis/events/v1alpha1/const.go JetStreamStreamName).
const eventStream = "default"

// patience limits the time of a connection attempt, and of a request.
const patience = 10 * time.Second

// Stream reads the stream of events on a bus. disconnect ends the connection, which the stream needs until then. Invalid files
// are errors of the input; all others wrap [ErrBus].
func Stream(ctx context.Context, bus Bus) (stream *plan.Stream, disconnect func(), err error) {
	options, err := bus.Options()
	if err != nil {
		return nil, nil, err
	}
	connection, err := nats.Connect(bus.URL, append(options, nats.Name("holdfast plan"))...)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: connecting to %s: %w", ErrBus, bus.URL, err)
	}
	stream, err = readStream(ctx, connection)
	if err != nil {
		connection.Close()
		return nil, nil, fmt.Errorf("%w: %s: %w", ErrBus, bus.URL, err)
	}
	return stream, connection.Close, nil
}

// Options returns the options of a connection. Its errors are those of the files.
func (b Bus) Options() ([]nats.Option, error) {
	options := []nats.Option{nats.Timeout(patience), nats.NoReconnect()}
	if b.AuthFile != "" {
		text, err := os.ReadFile(b.AuthFile)
		if err != nil {
			return nil, err
		}
		var user struct{ Username, Password, Token string }
		if err := yaml.Unmarshal(text, &user); err != nil || user.Username+user.Token == "" {
			return nil, fmt.Errorf("%s: want username and password, or token, as YAML", b.AuthFile)
		}
		if user.Token != "" {
			options = append(options, nats.Token(user.Token))
		} else {
			options = append(options, nats.UserInfo(user.Username, user.Password))
		}
	}
	if b.CAFile == "" && b.ServerName == "" {
		return options, nil
	}
	secure := &tls.Config{ServerName: b.ServerName}
	if b.CAFile != "" {
		text, err := os.ReadFile(b.CAFile)
		if err != nil {
			return nil, err
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: want certificates in PEM format", b.CAFile)
		}
	}
	return append(options, nats.Secure(secure)), nil
}

// readStream reads the state of the stream and of its consumers. It creates no consumer.
func readStream(ctx context.Context, connection *nats.Conn) (*plan.Stream, error) {
	js, err := jetstream.New(connection, jetstream.WithDefaultTimeout(patience))
	if err != nil {
		return nil, err
	}
	stream, err := js.Stream(ctx, eventStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("no stream %q: pass the URL and the user of the release's bus", eventStream)
	}
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return nil, err
	}
	processed, err := processedBy(ctx, stream, info.State.LastSeq)
	if err != nil {
		return nil, err
	}
	s := state{info.State}
	timeOf := func(seq uint64) (time.Time, error) {
		event, err := stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(">")) // the first event from seq on
		if err != nil {
			return time.Time{}, err
		}
		return event.Time, nil
	}
	return &plan.Stream{
		Messages: s.Msgs, Bytes: s.Bytes, Unread: s.Msgs - s.before(processed+1),
		Before: func(t time.Time) (uint64, error) { return s.olderThan(t, timeOf) },
	}, nil
}

// processedBy returns the last sequence up to which all consumers have processed their events.
func processedBy(ctx context.Context, stream jetstream.Stream, last uint64) (uint64, error) {
	consumers := stream.ListConsumers(ctx)
	for c := range consumers.Info() {
		// Without unprocessed events, the last processed one of a filtered consumer can be far behind the last of the stream.
		if c.NumPending > 0 || c.NumAckPending > 0 {
			last = min(last, c.AckFloor.Stream)
		}
	}
	return last, consumers.Err()
}

// state is the state of a stream with its deleted sequences.
type state struct{ jetstream.StreamState }

// before returns the number of events before a sequence.
func (s state) before(seq uint64) uint64 {
	if s.Msgs == 0 || seq <= s.FirstSeq {
		return 0
	}
	n := min(seq, s.LastSeq+1) - s.FirstSeq
	for _, deleted := range s.Deleted {
		if deleted < seq {
			n--
		}
	}
	return n
}

// olderThan returns the number of events before a time. timeOf returns the time of the first event from a sequence on.
func (s state) olderThan(t time.Time, timeOf func(seq uint64) (time.Time, error)) (uint64, error) {
	low, high := s.FirstSeq, s.LastSeq+1 // the first sequence that is not older is from low to high
	for s.Msgs > 0 && low < high {
		middle := low + (high-low)/2
		stored, err := timeOf(middle)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound): // no later event
			high = middle
		case err != nil:
			return 0, fmt.Errorf("%w: event %d: %w", ErrBus, middle, err)
		case stored.Before(t):
			low = middle + 1
		default:
			high = middle
		}
	}
	return s.before(low), nil
}
