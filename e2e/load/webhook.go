package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// answerWait is the time that a caller waits for an answer.
const answerWait = 5 * time.Second

// post sends an event each interval, without waiting for the answer to the previous one. Every event is one attempt on a new connection, like
// from a caller without retries: a Service balances connections, not requests.
func post(ctx context.Context, url string, every time.Duration, events *ledger) {
	client := &http.Client{Timeout: answerWait, Transport: &http.Transport{DisableKeepAlives: true}}
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
