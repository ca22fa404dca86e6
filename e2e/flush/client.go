package main

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Streams: the price is measured with one, the loss with the other.
const (
	measured = "measured"
	steady   = "steady"
)

// size is the size of an event in bytes.
const size = 512

// client publishes to a bus.
type client struct{ js jetstream.JetStream }

// connect connects to a bus.
func (c *client) connect(s *system) (err error) {
	c.js, err = s.p.Connect(s.b.Data, s.b.Trust(), nats.MaxReconnects(-1))
	return err
}

// createStreams creates the streams, with a copy on each server.
func (c *client) createStreams(ctx context.Context, copies int) error {
	for _, name := range []string{measured, steady} {
		config := jetstream.StreamConfig{Name: name, Subjects: []string{name}, Replicas: copies, MaxMsgs: 50_000}
		if err := insist(ctx, func(ctx context.Context) error {
			_, err := c.js.CreateOrUpdateStream(ctx, config)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// insist repeats a call until it succeeds, for a minute.
func insist(ctx context.Context, call func(context.Context) error) (err error) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		try, cancel := context.WithTimeout(ctx, 20*time.Second)
		err = call(try)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// cost is what publishing costs.
type cost struct {
	// alone are the times until the acknowledgement with one publisher.
	alone []time.Duration
	// together is the number of acknowledged events of publishers at once, in this time.
	together int
	took     time.Duration
}

// publishers is the number of publishers at once, each of which waits for every acknowledgement.
const publishers = 64

// slice is the time of one measurement.
const slice = time.Second

// measure publishes with one publisher, then with many.
func (c *cost) measure(ctx context.Context, to *client) error {
	event := make([]byte, size)
	for end := time.Now().Add(slice); time.Now().Before(end); {
		start := time.Now()
		if _, err := to.js.Publish(ctx, measured, event); err != nil {
			return err
		}
		c.alone = append(c.alone, time.Since(start))
	}
	counts, failed := make([]int, publishers), make([]error, publishers)
	start := time.Now()
	var all sync.WaitGroup
	for i := range publishers {
		all.Go(func() {
			for time.Since(start) < slice && failed[i] == nil {
				if _, failed[i] = to.js.Publish(ctx, measured, event); failed[i] == nil {
					counts[i]++
				}
			}
		})
	}
	all.Wait()
	c.took += time.Since(start)
	for i := range counts {
		if failed[i] != nil {
			return failed[i]
		}
		c.together += counts[i]
	}
	return nil
}

// publisher publishes numbered events at a steady rate.
type publisher struct {
	stop context.CancelFunc
	done chan struct{}
	// acked are the times of the acknowledgements, by the number of the event; end is that of the end.
	acked map[int]time.Time
	ended time.Time
}

// publish starts a publisher.
func (c *client) publish(ctx context.Context) *publisher {
	p := &publisher{done: make(chan struct{}), acked: map[int]time.Time{}}
	ctx, p.stop = context.WithCancel(ctx)
	go func() {
		defer close(p.done)
		for n := 0; ctx.Err() == nil; n++ {
			event := make([]byte, size)
			copy(event, strconv.Itoa(n)+" ")
			if _, err := c.js.Publish(ctx, steady, event); err == nil {
				p.acked[n] = time.Now()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return p
}

// end ends a publisher.
func (p *publisher) end() {
	p.ended = time.Now()
	p.stop()
	<-p.done
}

// loss is what a loss of power lost.
type loss struct {
	acked, lost int
	// reach is the time from the oldest lost acknowledgement to the loss of power.
	reach time.Duration
	// failed is set if not all servers and streams recovered. unreadable: the stream of the events is among them, and all are lost.
	failed     error
	unreadable bool
}

// lost compares the acknowledged events with the stored ones.
func (p *publisher) lost(stored map[int]bool) loss {
	l := loss{acked: len(p.acked)}
	for n, at := range p.acked {
		if !stored[n] {
			l.lost++
			l.reach = max(l.reach, p.ended.Sub(at))
		}
	}
	return l
}

// stored returns the numbers of the stored events.
func (c *client) stored(ctx context.Context) (map[int]bool, error) {
	stored := map[int]bool{}
	return stored, insist(ctx, func(ctx context.Context) error {
		stream, err := c.js.Stream(ctx, steady)
		if err != nil {
			return err
		}
		left := stream.CachedInfo().State.Msgs
		if left == 0 {
			return nil
		}
		consumer, err := c.js.OrderedConsumer(ctx, steady, jetstream.OrderedConsumerConfig{})
		if err != nil {
			return err
		}
		messages, err := consumer.Messages()
		if err != nil {
			return err
		}
		defer messages.Stop()
		for ; left > 0; left-- {
			m, err := messages.Next(jetstream.NextContext(ctx))
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(m.Data()[:slices.Index(m.Data(), ' ')]))
			if err != nil {
				return err
			}
			stored[n] = true
		}
		return nil
	})
}
