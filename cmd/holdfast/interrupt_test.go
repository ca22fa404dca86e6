package main

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupt: a signal ends a command with exit code 3, whether it heeds its context or not.
func TestInterrupt(t *testing.T) {
	for name, command := range map[string]func(context.Context) int{
		"heeds its context": func(ctx context.Context) int { <-ctx.Done(); return exitFine },
		"is blocked":        func(context.Context) int { select {} },
	} {
		for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			t.Run(name+" "+sig.String(), func(t *testing.T) {
				var errOut strings.Builder
				start := time.Now()
				code := interruptible(&errOut, func(ctx context.Context) int {
					if err := syscall.Kill(os.Getpid(), sig.(syscall.Signal)); err != nil {
						t.Error(err)
					}
					return command(ctx)
				})
				if code != exitOther || errOut.String() != "holdfast: interrupted\n" {
					t.Errorf("exit code %d, %q", code, errOut.String())
				}
				if took := time.Since(start); took > cleanUp+5*time.Second {
					t.Errorf("took %s", took)
				}
			})
		}
	}
	if code := interruptible(nil, func(context.Context) int { return exitFindings }); code != exitFindings {
		t.Errorf("exit code %d without a signal", code)
	}
}

// TestCanceled: a canceled command prints no error of its own.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut strings.Builder
	if code := run(ctx, []string{"verify", "-f", "../../golden/web-multi-zone/objects"}, strings.NewReader(""), &out, &errOut); code != exitOther || out.Len()+errOut.Len() > 0 {
		t.Errorf("exit code %d, output %q, errors %q", code, out.String(), errOut.String())
	}
}
