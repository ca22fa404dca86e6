package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// waiting tells a person at a terminal what takes so long, from a second on; elsewhere nothing. What it returns takes that away
// again: call it before anything else is written.
func waiting(out io.Writer, what string) (done func()) {
	if !terminal(out) {
		return func() {}
	}
	return ticking(out, what, time.Second)
}

// ticking writes over one line, at every tick, how many have passed.
func ticking(out io.Writer, what string, tick time.Duration) (done func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		start, ticker := time.Now(), time.NewTicker(tick)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintf(out, "\r%s: %s ", what, time.Since(start).Round(tick))
			case <-stop:
				fmt.Fprint(out, "\r\x1b[K")
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(stop); <-stopped })
}
