package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/holdfast-ha/holdfast/e2e/nodes/cgroup"
	"github.com/holdfast-ha/holdfast/e2e/process"
	"github.com/vishvananda/netlink"
)

// each calls a function for the named nodes concurrently.
func (c *Cluster) each(names []string, f func(*node) error) error {
	var chosen []*node
	for _, name := range names {
		n, err := c.find(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, n)
	}
	failed := make([]error, len(chosen))
	var all sync.WaitGroup
	for i, n := range chosen {
		all.Go(func() { failed[i] = f(n) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func (c *Cluster) find(name string) (*node, error) {
	for _, n := range c.nodes {
		if n.Name == name {
			return n, nil
		}
	}
	return nil, fmt.Errorf("unknown node %q", name)
}

// Kill cuts the power of nodes, all at the same instant. It removes the network link first: the kernel would close the connections of killed
// processes, and a machine without power sends nothing.
func (c *Cluster) Kill(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		if n.power == nil {
			return fmt.Errorf("killing node %s: it does not run", n.Name)
		}
		if err := errors.Join(c.network.disconnect(n.Name), n.power.Kill()); err != nil {
			return err
		}
		n.power = nil
		return cgroup.Remove(n.cgroup())
	})
}

// Boot starts killed nodes with their disks. It does not wait until they are ready.
func (c *Cluster) Boot(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		if n.power != nil {
			return fmt.Errorf("booting node %s: it runs already", n.Name)
		}
		return c.boot(n)
	})
}

func (c *Cluster) boot(n *node) error {
	cmd, err := n.machine.Command(c.programs["init"], filepath.Join(c.dir(n), "machine.json"))
	if err != nil {
		return err
	}
	// The node continues when its standard input ends.
	wait, connected, err := os.Pipe()
	if err != nil {
		return err
	}
	defer wait.Close()
	defer connected.Close()
	cmd.Stdin = wait
	if n.power, err = process.Start(n.Name, c.logs(), cmd); err != nil {
		return err
	}
	n.pid = cmd.Process.Pid
	if err := c.network.connect(n.Name, n.index, len(c.nodes), n.pid); err != nil {
		return errors.Join(err, n.power.Err(), c.Kill(context.Background(), n.Name))
	}
	return nil
}

// Cut disconnects nodes from the network. They keep running.
func (c *Cluster) Cut(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		return c.network.set(n.Name, func(l netlink.Link) error { return c.network.links.LinkSetDown(l) })
	})
}

// Heal reconnects nodes to the network.
func (c *Cluster) Heal(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		return c.network.set(n.Name, func(l netlink.Link) error { return c.network.links.LinkSetUp(l) })
	})
}

// Enter returns a command in the namespaces of a node.
func (c *Cluster) Enter(ctx context.Context, name, command string, arguments ...string) (*exec.Cmd, error) {
	n, err := c.find(name)
	if err != nil {
		return nil, err
	}
	if n.power == nil {
		return nil, fmt.Errorf("entering node %s: it does not run", name)
	}
	enter := []string{"--target", fmt.Sprint(n.pid), "--all", "--", command}
	return exec.CommandContext(ctx, "nsenter", append(enter, arguments...)...), nil
}
