package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-ha/holdfast/e2e/load/report"
)

const (
	// subject is a subject of the stream of Argo Events that no event source uses.
	subject = "default.none.number"
	// ackWait is the time after which a publisher repeats an unacknowledged message. linkWait is the limit for a server to accept a client, and to
	// answer a ping or a request.
	ackWait  = 500 * time.Millisecond
	linkWait = time.Second
	// pause is the time between two attempts. By default, a client with one address waits two to three seconds before it connects there again.
	pause = 100 * time.Millisecond
)

// bus is a client of the bus that detects the failure of a server within seconds and connects to another.
type bus struct {
	url, authFile string
	// queries uses its own connection, separate from the measured traffic.
	queries jetstream.JetStream
}

// dial returns a client of the bus. While the bus is unavailable, the client keeps trying to connect.
func dial(url, authFile string) (*bus, error) {
	b := &bus{url: url, authFile: authFile}
	if _, err := b.credentials(); err != nil {
		return nil, err
	}
	var err error
	_, b.queries, err = b.connect("load-queries")
	return b, err
}

// credentials are the name and password of a user of the bus.
type credentials struct{ Username, Password string }

// credentials reads the present user, which changes while the client runs.
func (b *bus) credentials() (c credentials, err error) {
	text, err := os.ReadFile(b.authFile)
	if err != nil {
		return c, fmt.Errorf("reading the credentials of the bus: %w", err)
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("reading %s: %w", b.authFile, err)
	}
	return c, nil
}

func (b *bus) connect(name string) (*nats.Conn, jetstream.JetStream, error) {
	user := func() (string, string) {
		c, err := b.credentials()
		if err != nil {
			log.Print(err)
		}
		return c.Username, c.Password
	}
	nc, err := nats.Connect(b.url, nats.Name(name), nats.UserInfoHandler(user), nats.IgnoreAuthErrorAbort(),
		nats.Secure(&tls.Config{InsecureSkipVerify: true}), // the controller of Argo Events issues certificates that no client can verify
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(pause), nats.ReconnectJitter(pause, pause),
		nats.Timeout(linkWait), nats.PingInterval(linkWait), nats.MaxPingsOutstanding(2))
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to %s: %w", b.url, err)
	}
	js, err := jetstream.New(nc)
	return nc, js, err
}

// streams returns all streams of the bus, including the key-value buckets of sensors.
func (b *bus) streams(ctx context.Context) ([]report.Stream, error) {
	var list []report.Stream
	lister := b.queries.ListStreams(ctx)
	for info := range lister.Info() {
		s := report.Stream{Name: info.Config.Name, Replicas: info.Config.Replicas, Current: true}
		if info.Cluster != nil {
			s.Leader = info.Cluster.Leader
			s.Current = s.Leader != "" && len(info.Cluster.Replicas) == s.Replicas-1
			for _, peer := range info.Cluster.Replicas {
				s.Current = s.Current && peer.Current && !peer.Offline
			}
		}
		list = append(list, s)
	}
	return list, lister.Err()
}

// run publishes numbered messages one after the other and reads them, until the context ends.
func (b *bus) run(ctx context.Context, every time.Duration, messages *ledger) error {
	nc, js, err := b.connect("load-publisher")
	if err != nil {
		return err
	}
	defer nc.Close()
	reading, readingJS, err := b.connect("load-reader")
	if err != nil {
		return err
	}
	defer reading.Close()
	stop, err := read(ctx, readingJS, messages)
	if err != nil {
		return err
	}
	defer stop()
	publish(ctx, nc, js, every, messages)
	return nil
}

// publish sends numbered messages. It repeats a message with the same ID until it is acknowledged, and the bus stores it once.
func publish(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, every time.Duration, messages *ledger) {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		number := messages.send()
		for attempt := 1; ctx.Err() == nil; attempt++ {
			once, cancel := context.WithTimeout(ctx, ackWait)
			_, err := js.Publish(once, subject, []byte(strconv.Itoa(number)), jetstream.WithMsgID(run+"-"+strconv.Itoa(number)))
			cancel()
			if err == nil {
				messages.ack(number)
				break
			}
			log.Printf("message %d: %v", number, err)
			// After one failure there may be a new leader. After two, the connected server may be unreachable, and another one reachable.
			if attempt%2 == 0 {
				_ = nc.ForceReconnect()
			}
			time.Sleep(pause)
		}
	}
}

// read counts new messages of the stream, with a consumer that has as many replicas as the stream.
func read(ctx context.Context, js jetstream.JetStream, messages *ledger) (stop func(), err error) {
	var consumer jetstream.Consumer
	for {
		attempt, cancel := context.WithTimeout(ctx, linkWait)
		consumer, err = js.CreateOrUpdateConsumer(attempt, "default", jetstream.ConsumerConfig{
			Name: "load", Durable: "load", FilterSubject: subject, DeliverPolicy: jetstream.DeliverNewPolicy, AckPolicy: jetstream.AckExplicitPolicy})
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		log.Printf("creating the consumer: %v", err)
		time.Sleep(time.Second)
	}
	consuming, err := consumer.Consume(func(msg jetstream.Msg) {
		if number, err := strconv.Atoi(string(msg.Data())); err == nil {
			messages.arrive(number)
		}
		_ = msg.Ack()
	}, jetstream.PullExpiry(5*time.Second), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) { log.Printf("reading: %v", err) }))
	if err != nil {
		return nil, fmt.Errorf("reading the stream: %w", err)
	}
	return consuming.Stop, nil
}
