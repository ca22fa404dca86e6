package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress shows the current step of a long task on one line of a terminal.
type progress struct {
	mu   sync.Mutex
	step string
	stop func()
}

// The times between two lines of progress.
const (
	onTerminal = time.Second
	inLog      = 10 * time.Second
)

// showProgress begins a task whose steps are set with set. On a terminal it rewrites one line every second, and done removes it;
// elsewhere it writes a line every ten seconds. Short tasks show nothing. Call done before other output.
func showProgress(out io.Writer) *progress {
	if isTerminal(out) {
		return newProgress(out, onTerminal, "\r\x1b[K%s (%s)", "\r\x1b[K")
	}
	return newProgress(out, inLog, "holdfast: %s (%s)\n", "")
}

// set changes the current step.
func (p *progress) set(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = step
}

func (p *progress) done() { p.stop() }

// newProgress writes the step and the time since the start in a format, once per interval, and last at the end.
func newProgress(out io.Writer, interval time.Duration, format, last string) *progress {
	p := &progress{}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		start, ticker := time.Now(), time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.mu.Lock()
				fmt.Fprintf(out, format, p.step, time.Since(start).Round(interval))
				p.mu.Unlock()
			case <-stop:
				fmt.Fprint(out, last)
				return
			}
		}
	}()
	p.stop = sync.OnceFunc(func() { close(stop); <-stopped })
	return p
}
