// Command load puts numbered events into a system of event sources, bus and sensors, and counts what arrives.
//
// It is all in one process, so that one clock times everything: it posts to a webhook, publishes to the bus and reads it
// back, and it is the HTTP server that the sensor's trigger calls. What it saw is read from /report.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", ":8080", "where triggers are recorded (POST /record) and reports are read (GET /report)")
	webhook := flag.String("webhook", "", "URL that numbered events are posted to")
	url := flag.String("bus", "", "URL of the bus that numbered messages are published to and read from")
	auth := flag.String("auth", "", "file with username and password of the bus, as YAML")
	every := flag.Duration("every", 200*time.Millisecond, "time between two events")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	client, err := dial(*url, *auth)
	if err != nil {
		log.Fatal("load: ", err)
	}
	hooks, messages := &ledger{}, &ledger{}
	errs := make(chan error)
	go post(ctx, *webhook, *every, hooks)
	go func() { errs <- client.run(ctx, *every, messages) }()
	server := &http.Server{Addr: *listen, Handler: handler(hooks, messages, client.streams)}
	go func() { errs <- server.ListenAndServe() }()

	select {
	case <-ctx.Done():
	case err := <-errs:
		log.Fatal("load: ", err)
	}
}
