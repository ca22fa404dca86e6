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
//
// Tests run in the order of their files. First those that need nodes that work, at the same time; then those that make nodes fail, each of
// which has the stage to itself.
var the *stage

// TestAllNodesWork is what needs nodes that nobody makes fail: mostly waiting, hence at the same time.
func TestAllNodesWork(t *testing.T) {
	t.Run("access", access)
	t.Run("bootstrap", bootstrap)
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
