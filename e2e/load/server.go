package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/load/report"
)

// handler records the events that the sensor's trigger posts, and returns reports on both ledgers. /now returns the current time, for the window of a
// report; /streams the state of the bus's streams; /user the name of the user with whom the next connection to the bus begins.
func handler(hooks, messages *ledger, client *bus) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /record", func(w http.ResponseWriter, r *http.Request) {
		var event struct{ Number json.Number } // a trigger sends numbers as text
		err := json.NewDecoder(r.Body).Decode(&event)
		number, numberErr := event.Number.Int64()
		if err := errors.Join(err, numberErr); err != nil {
			http.Error(w, "the event has no number: "+err.Error(), http.StatusBadRequest)
			return
		}
		hooks.arrive(int(number))
	})
	mux.HandleFunc("GET /now", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, time.Now().Format(time.RFC3339Nano)) })
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, r *http.Request) {
		from, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("from"))
		if err != nil {
			http.Error(w, "from: "+err.Error(), http.StatusBadRequest)
			return
		}
		to, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("to"))
		if err != nil {
			http.Error(w, "to: "+err.Error(), http.StatusBadRequest)
			return
		}
		now := time.Now()
		_ = json.NewEncoder(w).Encode(report.Reports{Webhook: hooks.report(from, to, now), Bus: messages.report(from, to, now)})
	})
	mux.HandleFunc("GET /streams", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerWait)
		defer cancel()
		list, err := client.streams(ctx)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(list)
	})
	mux.HandleFunc("GET /user", func(w http.ResponseWriter, _ *http.Request) {
		c, err := client.credentials()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, c.Username)
	})
	return mux
}
