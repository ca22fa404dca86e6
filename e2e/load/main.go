// Command load sends numbered events into a system of event sources, bus and sensors, and counts their arrivals.
//
// It is a single process, so that all times are from one clock: it posts to a webhook, publishes to the bus and reads from it, and serves the
// HTTP requests of the sensor's trigger. GET /report returns the counts.
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
	listen := flag.String("listen", ":8080", "address of the server that records triggers (POST /record) and returns reports (GET /report)")
	webhook := flag.String("webhook", "", "URL to which numbered events are posted")
	url := flag.String("bus", "", "URL of the bus for numbered messages")
	auth := flag.String("auth", "", "YAML file with username and password of the bus")
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
	server := &http.Server{Addr: *listen, Handler: handler(hooks, messages, client)}
	go func() { errs <- server.ListenAndServe() }()

	select {
	case <-ctx.Done():
	case err := <-errs:
		log.Fatal("load: ", err)
	}
}
