// Command holdfast verifies which failures a system on Kubernetes survives, and generates highly available systems.
package main

import (
	"context"
	"os"

	_ "github.com/holdfast-ha/holdfast/internal/startup"
)

func main() {
	os.Exit(interruptible(os.Stderr, func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }))
}
