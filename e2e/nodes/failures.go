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

// each calls a function for the named nodes, all at once.
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
	return nil, fmt.Errorf("there is no node %q", name)
}

// Kill cuts the power of nodes, all at the same instant. The wire goes first: a kernel that outlives its processes for a
// moment would say goodbye for them, and a machine without power says nothing.
func (c *Cluster) Kill(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		if n.power == nil {
			return fmt.Errorf("killing node %s: it is off", n.Name)
		}
		if err := errors.Join(c.network.disconnect(n.Name), n.power.Kill()); err != nil {
			return err
		}
		n.power = nil
		return cgroup.Remove(n.cgroup())
	})
}

// Boot puts nodes on that are off, with the disks that they had. It does not wait until they are ready.
func (c *Cluster) Boot(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		if n.power != nil {
			return fmt.Errorf("booting node %s: it is on", n.Name)
		}
		return c.boot(n)
	})
}

func (c *Cluster) boot(n *node) error {
	cmd, err := n.machine.Command(c.programs["init"], filepath.Join(c.dir(n), "machine.json"))
	if err != nil {
		return err
	}
	// The node goes on when this ends.
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

// Cut takes nodes off the network; they run on.
func (c *Cluster) Cut(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		return c.network.set(n.Name, func(l netlink.Link) error { return c.network.links.LinkSetDown(l) })
	})
}

// Heal puts nodes back on the network that were cut off.
func (c *Cluster) Heal(_ context.Context, names ...string) error {
	return c.each(names, func(n *node) error {
		return c.network.set(n.Name, func(l netlink.Link) error { return c.network.links.LinkSetUp(l) })
	})
}

// Enter is a command in a node, beside its kubelet.
func (c *Cluster) Enter(ctx context.Context, name, command string, arguments ...string) (*exec.Cmd, error) {
	n, err := c.find(name)
	if err != nil {
		return nil, err
	}
	if n.power == nil {
		return nil, fmt.Errorf("entering node %s: it is off", name)
	}
	enter := []string{"--target", fmt.Sprint(n.pid), "--all", "--", command}
	return exec.CommandContext(ctx, "nsenter", append(enter, arguments...)...), nil
}
