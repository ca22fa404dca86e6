package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestReadme: what the README shows of a command, in blocks that begin with "$ holdfast", is what that prints.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```console\n$ holdfast ")[1:]
	if len(blocks) == 0 {
		t.Fatal("the README shows no command")
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "\n```")
		args, shown, _ := strings.Cut(block, "\n")
		var out, errOut bytes.Buffer
		if code := run(strings.Fields(args), strings.NewReader(""), &out, &errOut); code == exitBadInput || code == exitOther {
			t.Fatalf("holdfast %s: %s", args, errOut.String())
		}
		printed := strings.Split(out.String(), "\n")
		for line := range strings.SplitSeq(shown, "\n") {
			if !slices.Contains(printed, line) {
				t.Errorf("README.md shows %q, which holdfast %s does not print:\n%s", line, args, out.String())
			}
		}
	}
}
