// Command flush measures the price and the effect of nats-server's sync_interval, with the rendered bus of one and of three servers.
//
// All buses run side by side, each server with a disk of its own: ext4 on a loop device. In each round they are measured in turn, in random order.
// Then all publish at a steady rate until all servers lose their power at the same moment, with their page cache. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/disks"
)

// intervals are the measured values, and profiles the golden cases with one and with three servers.
var (
	intervals = []string{"always", "1s", "10s", "2m"}
	profiles  = []string{"single-node", "multi-zone"}
)

func main() {
	rounds := flag.Int("rounds", 5, "number of rounds")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "flush:", err)
		os.Exit(3)
	}
}

func run(ctx context.Context, rounds int) error {
	bin, err := cases.BuildHoldfast()
	if err != nil {
		return err
	}
	all, err := cases.All()
	if err != nil {
		return err
	}
	var rows []*row
	for _, profile := range profiles {
		for _, c := range all {
			for i := range intervals {
				if c.Name == profile {
					rows = append(rows, &row{c: c, interval: intervals[i]})
				}
			}
		}
	}
	for n := range rounds {
		if err := round(ctx, bin, rows); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "round %d of %d\n", n+1, rounds)
		for _, r := range rows {
			fmt.Fprintln(os.Stderr, r.last())
		}
	}
	print(rows)
	return nil
}

// round starts the buses of all rows, measures each, and cuts their power.
func round(ctx context.Context, bin cases.Holdfast, rows []*row) (err error) {
	dir, err := os.MkdirTemp("", "holdfast-flush-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var d disks.Disks
	defer d.RemoveAll()
	systems := make([]*system, len(rows))
	defer func() {
		for _, s := range systems {
			s.stop()
		}
	}()
	if err := atOnce(len(rows), func(i int) (err error) {
		if systems[i], err = start(ctx, bin, rows[i], filepath.Join(dir, fmt.Sprint(i)), &d); err != nil {
			return fmt.Errorf("%s, %s: %w", rows[i].c.Name, rows[i].interval, err)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := price(ctx, systems); err != nil {
		return err
	}
	return effect(ctx, systems, &d)
}

// system is a running bus of a row.
type system struct {
	*row
	b       *bus.Bus
	p       *bus.Processes
	folders []string
	client
}

// start starts a bus with an interval, and a disk for each server.
func start(ctx context.Context, bin cases.Holdfast, r *row, dir string, d *disks.Disks) (*system, error) {
	objects, err := bin.Render(r.c, "--set", "bus.syncInterval="+r.interval)
	if err != nil {
		return nil, err
	}
	data, err := bus.Collect(bin, r.c, objects)
	if err != nil {
		return nil, err
	}
	s := &system{row: r}
	if s.b, _, err = bus.Find(objects, data); err != nil {
		return nil, err
	}
	if !strings.Contains(s.b.Config, "sync_interval: "+r.interval+"\n") {
		return nil, errors.New("the configuration of the server has another interval")
	}
	for i := range s.b.Replicas() {
		folder := filepath.Join(s.b.Folder(dir, i), "data")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
		if err := d.Create(folder); err != nil {
			return nil, err
		}
		s.folders = append(s.folders, folder)
	}
	if s.p, err = s.b.Run(ctx, dir); err != nil {
		return s, err
	}
	if err := s.connect(s); err != nil {
		return s, err
	}
	return s, s.createStreams(ctx, s.b.Replicas())
}

func (s *system) stop() {
	if s == nil || s.p == nil {
		return
	}
	if s.js != nil {
		s.js.Conn().Close()
	}
	_ = s.p.Stop()
}

// turns is how often each bus is measured in a round.
const turns = 3

// price measures the buses in turn.
func price(ctx context.Context, systems []*system) error {
	costs := map[*system]*cost{}
	for range turns {
		for _, i := range rand.Perm(len(systems)) {
			s := systems[i]
			if costs[s] == nil {
				costs[s] = &cost{}
			}
			if err := costs[s].measure(ctx, &s.client); err != nil {
				return fmt.Errorf("%s, %s: %w", s.c.Name, s.interval, err)
			}
		}
	}
	for s, c := range costs {
		s.costs = append(s.costs, *c)
	}
	return nil
}

// recovery is how long the servers may take until all streams are current.
const recovery = 2 * time.Minute

// effect cuts the power of all servers while all buses store events, and counts those that are lost.
func effect(ctx context.Context, systems []*system, d *disks.Disks) error {
	publishers := make([]*publisher, len(systems))
	for i, s := range systems {
		publishers[i] = s.publish(ctx)
	}
	// Longer than the flush of 10 s, and at any moment of it.
	time.Sleep(12*time.Second + rand.N(10*time.Second))
	if err := atOnce(len(systems), func(i int) error {
		publishers[i].end()
		return systems[i].p.Kill()
	}); err != nil {
		return err
	}
	var folders []string
	for _, s := range systems {
		folders = append(folders, s.folders...)
	}
	if err := d.LoseCaches(folders...); err != nil {
		return err
	}
	return atOnce(len(systems), func(i int) error {
		s := systems[i]
		s.js.Conn().Close()
		for ordinal := range s.b.Replicas() {
			if err := s.p.Restart(s.b, ordinal); err != nil {
				return err
			}
		}
		wait, cancel := context.WithTimeout(ctx, recovery)
		failed := s.p.Await(wait)
		cancel()
		if err := s.connect(s); err != nil {
			return err
		}
		stored, err := s.stored(ctx)
		l := publishers[i].lost(stored)
		l.failed, l.unreadable = failed, err != nil
		s.losses = append(s.losses, l)
		return nil
	})
}

// atOnce calls a function for each index, all at once.
func atOnce(n int, call func(i int) error) error {
	failed := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failed[i] = call(i) })
	}
	all.Wait()
	return errors.Join(failed...)
}
