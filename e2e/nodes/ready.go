package nodes

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// patience limits waits without a promised time: far longer than they take on a slow machine.
const patience = 10 * time.Minute

// startNodes starts all nodes for the first time and waits until they are ready.
func (c *Cluster) startNodes(ctx context.Context) error {
	c.later(c.killAll)
	var names []string
	for _, n := range c.nodes {
		if err := c.configure(n); err != nil {
			return fmt.Errorf("preparing node %s: %w", n.Name, err)
		}
		names = append(names, n.Name)
	}
	if err := c.Boot(ctx, names...); err != nil {
		return err
	}
	return c.AwaitReady(ctx, names...)
}

func (c *Cluster) killAll() error {
	var on []string
	for _, n := range c.nodes {
		if n.power != nil {
			on = append(on, n.Name)
		}
	}
	return c.Kill(context.Background(), on...)
}

// AwaitReady waits until the nodes are ready.
func (c *Cluster) AwaitReady(ctx context.Context, names ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	waiting, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		n, err := c.find(name)
		if err != nil {
			return err
		}
		waiting.Go(func() error { return c.awaitReady(ctx, n) })
	}
	return waiting.Wait()
}

func (c *Cluster) awaitReady(ctx context.Context, n *node) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		state := "the Node object cannot be read"
		if object, err := c.client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{}); err == nil {
			for _, condition := range object.Status.Conditions {
				if condition.Type != corev1.NodeReady {
					continue
				}
				if condition.Status == corev1.ConditionTrue {
					return nil
				}
				state = condition.Message
			}
		}
		if n.power == nil {
			return fmt.Errorf("node %s does not become ready: it does not run", n.Name)
		}
		select {
		case <-tick.C:
		case <-n.power.Done():
			return fmt.Errorf("node %s does not become ready: %w", n.Name, n.power.Err())
		case <-ctx.Done():
			return fmt.Errorf("node %s does not become ready: %s; its logs are in %s", n.Name, state, filepath.Join(c.logs(), n.Name))
		}
	}
}
