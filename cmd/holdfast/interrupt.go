package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// cleanUp is how long an interrupted command may take to remove its temporary files. It then ends even while it reads input.
const cleanUp = 500 * time.Millisecond

// interruptible runs a command and returns its exit code. SIGINT and SIGTERM cancel its context and end it with exitOther.
func interruptible(errOut io.Writer, command func(context.Context) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := make(chan int, 1)
	go func() { code <- command(ctx) }()
	select {
	case c := <-code:
		return c
	case <-ctx.Done():
	}
	select {
	case <-code:
	case <-time.After(cleanUp):
	}
	fmt.Fprintln(errOut, "holdfast: interrupted")
	return exitOther
}
