package chart

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// content is the data that a stream must keep: its state, its messages, and the position of each consumer.
type content struct {
	Msgs, FirstSeq, LastSeq uint64
	Messages                []string
	Consumers               map[string]position
}

type position struct {
	Delivered, AckFloor jetstream.SequenceInfo
	NumPending          uint64
	NumAckPending       int
}

// forever is longer than any test.
const forever = 24 * time.Hour

// fill fills a bus like a system would: 300 events, some of them delivered, some acknowledged, the first ones deleted; the bucket of a sensor; a
// stream of a user with one replica.
func fill(t *testing.T, js jetstream.JetStream, replicas int) map[string]content {
	t.Helper()
	ctx := t.Context()
	do := func(try func() error) { t.Helper(); persist(t, try) }
	do(func() error {
		_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: eventStream, Subjects: []string{eventSubjects}, Replicas: replicas, Duplicates: forever, MaxMsgs: 280})
		return err
	})
	do(func() error {
		_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "own", Subjects: []string{"own.>"}, Replicas: 1})
		return err
	})
	do(func() error {
		kv, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: "processor", Replicas: replicas})
		if err == nil {
			_, err = kv.Put(ctx, "trigger", []byte("state"))
		}
		return err
	})
	var consumer jetstream.Consumer
	do(func() (err error) {
		consumer, err = js.CreateConsumer(ctx, eventStream, jetstream.ConsumerConfig{Durable: "group-processor", AckPolicy: jetstream.AckExplicitPolicy, AckWait: forever})
		return err
	})
	for i := range 300 {
		do(func() error {
			_, err := js.Publish(ctx, fmt.Sprintf("default.source.event-%d", i%3), fmt.Appendf(nil, "event %d", i), jetstream.WithMsgID(fmt.Sprint(i)))
			return err
		})
	}
	do(func() error { _, err := js.Publish(ctx, "own.thing", []byte("of a user")); return err })
	const some = 150
	read := 0
	do(func() error {
		batch, err := consumer.Fetch(some-read, jetstream.FetchMaxWait(10*time.Second))
		if err != nil {
			return err
		}
		for msg := range batch.Messages() {
			// Acknowledge the first hundred, and some after a gap.
			if read < 100 || read%10 == 0 {
				do(func() error { return msg.DoubleAck(ctx) })
			}
			read++
		}
		if read < some {
			return fmt.Errorf("received %d of %d messages: %v", read, some, batch.Error())
		}
		return nil
	})
	all := map[string]content{}
	for _, stream := range []string{eventStream, "own", "KV_processor"} {
		all[stream] = contentOf(t, js, stream)
	}
	return all
}

// contentOf reads the content of a stream.
func contentOf(t *testing.T, js jetstream.JetStream, name string) content {
	t.Helper()
	var c content
	persist(t, func() error {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			return err
		}
		state := stream.CachedInfo().State
		c = content{Msgs: state.Msgs, FirstSeq: state.FirstSeq, LastSeq: state.LastSeq, Consumers: map[string]position{}}
		for seq := max(1, state.FirstSeq); seq <= state.LastSeq; seq++ {
			msg, err := stream.GetMsg(t.Context(), seq)
			if err != nil {
				return err
			}
			c.Messages = append(c.Messages, fmt.Sprintf("%d %s %s %s %s", seq, msg.Time.UTC(), msg.Subject, msg.Header.Get("Nats-Msg-Id"), msg.Data))
		}
		consumers := stream.ListConsumers(t.Context())
		for info := range consumers.Info() {
			info.Delivered.Last, info.AckFloor.Last = nil, nil
			c.Consumers[info.Name] = position{Delivered: info.Delivered, AckFloor: info.AckFloor, NumPending: info.NumPending, NumAckPending: info.NumAckPending}
		}
		return consumers.Err()
	})
	return c
}

// backedUp returns the content in a backup of a cluster. Consumers with unacknowledged messages continue at their ack floor.
func (c content) backedUp() content {
	consumers := map[string]position{}
	for name, p := range c.Consumers {
		if p.NumAckPending > 0 {
			p.NumPending += p.Delivered.Stream - p.AckFloor.Stream
			p.Delivered, p.NumAckPending = p.AckFloor, 0
		}
		consumers[name] = p
	}
	c.Consumers = consumers
	return c
}
