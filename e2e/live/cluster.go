// Package live installs systems on real nodes, makes the nodes fail, and counts lost events.
package live

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Cluster is a set of real nodes that can be made to fail. Each call returns when the failure has begun or ended.
type Cluster interface {
	// Kubeconfig returns the kubeconfig file of an administrator.
	Kubeconfig() string
	// Kill cuts the power of nodes, all at the same instant; Boot starts them again, with their disks.
	Kill(ctx context.Context, nodes ...string) error
	Boot(ctx context.Context, nodes ...string) error
	// KillWithCaches also discards what only the page cache has of PersistentVolumes.
	KillWithCaches(ctx context.Context, volumes []string, nodes ...string) error
	// Cut disconnects nodes from the network while they keep running; Heal reconnects them.
	Cut(ctx context.Context, nodes ...string) error
	Heal(ctx context.Context, nodes ...string) error
	// FillDisks fills the disks of PersistentVolumes, FreeDisks frees them; BreakDisks makes them read-only for ever.
	FillDisks(ctx context.Context, volumes ...string) error
	FreeDisks(ctx context.Context, volumes ...string) error
	BreakDisks(ctx context.Context, volumes ...string) error
	// StopControlPlane stops API server, controllers and scheduler; StartControlPlane starts them with the same state.
	StopControlPlane(ctx context.Context) error
	StartControlPlane(ctx context.Context) error
}

// commands is an existing cluster: a program is called for each failure, with the verb and the nodes.
type commands struct{ program, kubeconfig string }

func (c commands) Kubeconfig() string                              { return c.kubeconfig }
func (c commands) Kill(ctx context.Context, nodes ...string) error { return c.run(ctx, "kill", nodes) }
func (c commands) Boot(ctx context.Context, nodes ...string) error { return c.run(ctx, "boot", nodes) }
func (c commands) KillWithCaches(ctx context.Context, volumes []string, nodes ...string) error {
	return c.run(ctx, "kill-with-caches", append(append(volumes, "--"), nodes...))
}
func (c commands) Cut(ctx context.Context, nodes ...string) error  { return c.run(ctx, "cut", nodes) }
func (c commands) Heal(ctx context.Context, nodes ...string) error { return c.run(ctx, "heal", nodes) }
func (c commands) FillDisks(ctx context.Context, volumes ...string) error {
	return c.run(ctx, "fill-disks", volumes)
}
func (c commands) FreeDisks(ctx context.Context, volumes ...string) error {
	return c.run(ctx, "free-disks", volumes)
}
func (c commands) BreakDisks(ctx context.Context, volumes ...string) error {
	return c.run(ctx, "break-disks", volumes)
}
func (c commands) StopControlPlane(ctx context.Context) error {
	return c.run(ctx, "stop-control-plane", nil)
}
func (c commands) StartControlPlane(ctx context.Context) error {
	return c.run(ctx, "start-control-plane", nil)
}

func (c commands) run(ctx context.Context, verb string, nodes []string) error {
	cmd := exec.CommandContext(ctx, c.program, append([]string{verb}, nodes...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s %s: %w\n%s", c.program, verb, strings.Join(nodes, " "), err, out)
	}
	return nil
}
