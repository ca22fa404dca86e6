package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// TestHelpIsNarrow: every line of help fits the width of a terminal.
func TestHelpIsNarrow(t *testing.T) {
	var out bytes.Buffer
	root := newRootCmd(streams{strings.NewReader(""), &out, &out})
	commands := slices.DeleteFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == "help" || c.Name() == "completion" })
	if len(commands) < 9 {
		t.Fatalf("only %d commands", len(commands))
	}
	for _, cmd := range append(commands, root) {
		out.Reset()
		if err := cmd.Help(); err != nil || !strings.Contains(out.String(), "Usage:") {
			t.Fatalf("%s: %v: %s", cmd.Name(), err, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if length := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); length > helpWidth {
				t.Errorf("%s: %d characters, want %d at most: %s", cmd.Name(), length, helpWidth, line)
			}
		}
	}
}
