package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// patience is how long a caller waits for an answer.
const patience = 5 * time.Second

// post sends an event each interval, whether the one before was answered or not. Every event is one attempt on a
// connection of its own: what a caller without a retry sees, and the Service balances connections, not requests.
func post(ctx context.Context, url string, every time.Duration, events *ledger) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			go postOne(ctx, client, url, events)
		}
	}
}

func postOne(ctx context.Context, client *http.Client, url string, events *ledger) {
	number := events.send()
	body := strings.NewReader(fmt.Sprintf(`{"number": %d}`, number))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		events.fail(number)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		events.fail(number)
		return
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode/100 != 2 {
		events.fail(number)
		return
	}
	events.ack(number)
}
