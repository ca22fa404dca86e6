package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Load publishes numbered events, each until it is acknowledged.
type Load struct {
	processes *Processes
	client    atomic.Pointer[jetstream.JetStream]
	stop      context.CancelFunc
	done      chan struct{}
	result    Result
}

// Result is the outcome of a load.
type Result struct {
	// Acked events were acknowledged. Lost are those that the bus does not have exactly once.
	Acked, Lost int
	// Failed attempts were repeated. Longest is the longest time without an acknowledgement.
	Failed  int
	Longest time.Duration
}

func (r Result) String() string {
	return fmt.Sprintf("%d events acknowledged, %d lost; %d attempts failed, the longest time without an acknowledgement was %s", r.Acked, r.Lost, r.Failed, r.Longest.Round(time.Millisecond))
}

// loadStream is the stream of a load.
const loadStream = "load"

// Publish starts a load on a running bus. It ends with End, or with ctx.
func (p *Processes) Publish(ctx context.Context, b *Bus) (*Load, error) {
	l := &Load{processes: p, done: make(chan struct{})}
	if err := l.Use(b); err != nil {
		return nil, err
	}
	config := jetstream.StreamConfig{Name: loadStream, Subjects: []string{loadStream}, Replicas: min(3, b.Replicas()), Duplicates: 24 * time.Hour}
	err := errors.New("no attempt")
	for limit := time.Now().Add(healthy); err != nil && time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		_, err = l.js().CreateStream(ctx, config)
	}
	if err != nil {
		return nil, err
	}
	ctx, l.stop = context.WithCancel(ctx)
	go l.run(ctx)
	return l, nil
}

func (l *Load) js() jetstream.JetStream { return *l.client.Load() }

// Use connects with the Secrets of b from now on, like an event source that restarts.
func (l *Load) Use(b *Bus) error {
	js, err := l.processes.Connect(b.Data, b.Trust(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return err
	}
	if old := l.client.Swap(&js); old != nil {
		(*old).Conn().Close()
	}
	return nil
}

func (l *Load) run(ctx context.Context) {
	defer close(l.done)
	last := time.Now()
	for ctx.Err() == nil {
		try, end := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		id := strconv.Itoa(l.result.Acked)
		_, err := l.js().Publish(try, loadStream, []byte(id), jetstream.WithMsgID(id))
		end()
		if err != nil { // the bus may have stored it: the same id again
			l.result.Failed++
			time.Sleep(20 * time.Millisecond)
			continue
		}
		l.result.Acked++
		l.result.Longest = max(l.result.Longest, time.Since(last))
		last = time.Now()
		time.Sleep(10 * time.Millisecond)
	}
}

// End ends the load and reads all its events.
func (l *Load) End(ctx context.Context) (Result, error) {
	l.stop()
	<-l.done
	stream, err := l.js().Stream(ctx, loadStream)
	if err != nil {
		return l.result, err
	}
	stored := map[string]int{}
	state := stream.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
		msg, err := stream.GetMsg(ctx, seq)
		if err != nil {
			return l.result, err
		}
		stored[string(msg.Data)]++
	}
	l.result.Lost = 0
	for i := range l.result.Acked {
		if stored[strconv.Itoa(i)] != 1 {
			l.result.Lost++
		}
	}
	return l.result, nil
}
