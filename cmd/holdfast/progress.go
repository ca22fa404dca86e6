package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// showProgress prints a task and its duration on a terminal, after the first second. done removes the line; call it before
// other output.
func showProgress(out io.Writer, what string) (done func()) {
	if !isTerminal(out) {
		return func() {}
	}
	return tick(out, what, time.Second)
}

// tick rewrites one line with the time since the start, once per interval.
func tick(out io.Writer, what string, interval time.Duration) (done func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		start, ticker := time.Now(), time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintf(out, "\r%s: %s ", what, time.Since(start).Round(interval))
			case <-stop:
				fmt.Fprint(out, "\r\x1b[K")
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(stop); <-stopped })
}
