package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// TestToolbox: every nats command of the manual runs in the toolbox, with the users of its contexts, on a bus with an event source, a
// sensor and a user's stream.
func TestToolbox(t *testing.T) {
	t.Parallel()
	all, err := releases()
	if err != nil {
		t.Fatal(err)
	}
	r := all[slices.IndexFunc(all, func(r release) bool { return r.Name == "multi-node" })]
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := bin.Render(r.Case, "--set", "toolbox.enabled=true")
	if err != nil {
		t.Fatal(err)
	}
	b := busOf(t, r)
	toolbox, err := bus.FindScript(t.TempDir(), bus.Toolbox, objects, b.data)
	if err != nil {
		t.Fatal(err)
	}
	servers, js := start(t, b.Bus)
	fill(t, js, 3)
	persist(t, func() error {
		_, err := js.Publish(t.Context(), "default.orders.created", []byte("order"))
		return err
	})
	urls := map[string]string{"NATS_URL": servers.URL}
	nats := program(t, "nats")
	run := func(args ...string) (string, error) {
		return toolbox.With(append([]string{nats}, args...)...).Run(t.Context(), urls, natsPath(t))
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		out, err := toolbox.Run(ctx, urls, natsPath(t))
		if out != "" {
			err = errors.Join(err, errors.New(out))
		}
		ended <- err
	}()
	persist(t, func() error {
		select {
		case err := <-ended:
			t.Fatalf("the toolbox has ended: %v", err)
		default:
		}
		out, err := run("--context", "sys", "server", "list")
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	})

	commands := manualCommands(t)
	if len(commands) < 10 {
		t.Errorf("only %d commands found", len(commands))
	}
	for _, command := range commands {
		t.Run(command, func(t *testing.T) {
			out, err := run(strings.Fields(strings.Replace(command, "CONSUMER", "group-processor", 1))...)
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
	equal(t, "limit of stream own after the command of the manual", infoOf(t, js, "own").Config.MaxBytes, int64(100<<20))

	// The users are apart: the administrator of the servers has no streams, that of the streams no servers.
	if out, err := run("--context", "sys", "stream", "ls"); err == nil {
		t.Errorf("user sys lists streams:\n%s", out)
	}
}

var execCommand = regexp.MustCompile(`(?m)^kubectl exec -n events job/toolbox -- nats (.*)$`)

// manualCommands returns the nats commands of the manual, each once.
func manualCommands(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/operations/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	var commands []string
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range execCommand.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(commands, found[1]) {
				commands = append(commands, found[1])
			}
		}
	}
	return commands
}

// TestTwoDisksLost: the last disk has all events, and two empty servers copy them, also if they start first.
func TestTwoDisksLost(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(r release) bool { return r.Name == "multi-zone" }, func(t *testing.T, r release) {
		b, dir := busOf(t, r), t.TempDir()
		servers, err := b.Start(dir)
		if servers != nil {
			t.Cleanup(servers.Stop)
		}
		if err != nil {
			t.Fatal(err)
		}
		js, err := servers.Connect()
		if err != nil {
			t.Fatal(err)
		}
		want := fill(t, js, 3)
		delete(want, "own") // it has one replica, which may be on a lost disk
		js.Conn().Close()
		for i := range 3 {
			servers.StopOne(i)
		}
		for _, lost := range []int{1, 2} {
			if err := os.RemoveAll(filepath.Join(b.Folder(dir, lost), "data")); err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range []int{1, 2, 0} {
			if err := servers.Restart(i); err != nil {
				t.Fatal(err)
			}
		}
		var again jetstream.JetStream
		persist(t, func() (err error) { again, err = servers.Connect(); return err })
		t.Cleanup(again.Conn().Close)
		persist(t, func() error {
			s, err := again.Stream(t.Context(), eventStream)
			if err == nil && s.CachedInfo().State.Msgs != want[eventStream].Msgs {
				err = errors.New("the stream does not have all events yet")
			}
			return err
		})
		expectContent(t, again, want)
	})
}
