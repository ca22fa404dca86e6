package live

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	listName    = flag.String("scenarios", "short", "list of scenarios that TestFailures runs: short, long, or a part of it, disks, gate, leaves, power or secrets")
	evidenceDir = flag.String("evidence", "", "write the measurements into this folder; TestFailures then needs -scenarios long")
)

// shared is the runner of all tests.
var shared *runner

// TestSolo runs the tests that need only one system and mostly wait: migrations of the bus, its probes, and access to it.
func TestSolo(t *testing.T) {
	t.Run("migrations of a bus", testMigrations)
	s := withAdmissionPolicy("solo")
	if err := s.install(t.Context(), shared.kube, shared.files); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.uninstall(t) })
	t.Run("all nodes up", func(t *testing.T) {
		t.Run("access", func(t *testing.T) { testAccess(t, s) })
		t.Run("probes at first start", testProbesAtFirstStart)
	})
	t.Run("probes without quorum", func(t *testing.T) { testProbesWithoutQuorum(t, s) })
	t.Run("probes in lame duck mode", func(t *testing.T) { testProbesInLameDuck(t, s) })
}

// uninstall removes a system's release from the cluster.
func (s *System) uninstall(t *testing.T) {
	if _, err := shared.kube.run(context.Background(), shared.kube.helm, "", "uninstall", s.Name, "-n", s.Name); err != nil {
		t.Error(err)
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	l, err := findList(*listName)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	dir, err := os.MkdirTemp("", "holdfast-live-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if code == 0 {
			os.RemoveAll(dir)
			return
		}
		// The disks and images of the nodes take two gigabytes.
		fmt.Fprintln(os.Stderr, "logs are in", filepath.Join(dir, "log"))
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if e.Name() != "log" {
				os.RemoveAll(filepath.Join(dir, e.Name()))
			}
		}
	}()
	log := func(format string, args ...any) {
		fmt.Printf(time.Now().Format("15:04:05 ")+format+"\n", args...)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	shared, err = open(ctx, dir, systems(l.naive), log)
	if shared != nil && shared.close != nil {
		finish := sync.OnceFunc(func() {
			if err := shared.close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		})
		defer finish()
		// An interrupt ends the test, but not the mounts of the nodes' disks. The program that prints the output may have ended before.
		signal.Ignore(syscall.SIGPIPE)
		defer context.AfterFunc(ctx, func() {
			finish()
			os.RemoveAll(dir)
			os.Exit(130)
		})()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
