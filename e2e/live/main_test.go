package live

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// the is the stage that all tests share.
var the *stage

// TestSolo is what it takes one system for: its bus moves, starts, loses its quorum and is told to go, and this one reaches it and that one
// does not. That is mostly waiting.
func TestSolo(t *testing.T) {
	t.Run("a bus moves", move)
	s := guarded("solo")
	if err := s.install(t.Context(), the.kube, the.files); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.uninstall(t) })
	t.Run("all nodes work", func(t *testing.T) {
		t.Run("access", func(t *testing.T) { access(t, s) })
		t.Run("probes of a bus that starts", probesAtFirst)
	})
	t.Run("probes without quorum", func(t *testing.T) { probesWithoutQuorum(t, s) })
	t.Run("probes in lame duck", func(t *testing.T) { probesInLameDuck(t, s) })
}

// uninstall takes a system from the cluster.
func (s *System) uninstall(t *testing.T) {
	if _, err := the.kube.run(context.Background(), the.kube.helm, "", "uninstall", s.Name, "-n", s.Name); err != nil {
		t.Error(err)
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "holdfast-live-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if code != 0 {
			fmt.Fprintln(os.Stderr, "logs are in", filepath.Join(dir, "log"))
			return
		}
		os.RemoveAll(dir)
	}()
	log := func(format string, args ...any) {
		fmt.Printf(time.Now().Format("15:04:05 ")+format+"\n", args...)
	}
	the, err = open(context.Background(), dir, *evidenceDir != "", log)
	if the != nil && the.close != nil {
		defer func() {
			if err := the.close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
