package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// maxReadme is the length in lines that a reader has patience for.
const maxReadme = 120

// TestShownOutput checks blocks of the documents that begin with "$ holdfast": the command prints every line that they show.
func TestShownOutput(t *testing.T) {
	pages := map[string]string{}
	for _, file := range documents(t) {
		pages[file] = readDocument(t, file)
	}
	t.Chdir("../..")
	blocks := 0
	for file, text := range pages {
		for _, block := range strings.Split(text, "```console\n$ holdfast ")[1:] {
			blocks++
			block, _, _ = strings.Cut(block, "\n```")
			args, shown, _ := strings.Cut(block, "\n")
			var out, errOut bytes.Buffer
			if code := run(strings.Fields(args), strings.NewReader(""), &out, &errOut); code == exitBadInput || code == exitOther {
				t.Fatalf("holdfast %s: %s", args, errOut.String())
			}
			printed := strings.Split(out.String(), "\n")
			for line := range strings.SplitSeq(shown, "\n") {
				if !slices.Contains(printed, line) {
					t.Errorf("%s shows %q, which holdfast %s does not print:\n%s", file, line, args, out.String())
				}
			}
		}
	}
	if blocks < 2 {
		t.Errorf("only %d blocks found", blocks)
	}
}

// TestReadme checks the length of the README, and that its table of profiles is the one in the chart's README, which is generated.
func TestReadme(t *testing.T) {
	readme := readDocument(t, "README.md")
	if lines := strings.Count(readme, "\n"); lines > maxReadme {
		t.Errorf("the README has %d lines, at most %d are allowed: move details to docs/", lines, maxReadme)
	}
	rows := 0
	for row := range strings.SplitSeq(readDocument(t, "charts/argo-events/README.md"), "\n") {
		if !strings.HasPrefix(row, "| `") || !strings.Contains(row, "-node`") && !strings.Contains(row, "-zone`") {
			continue
		}
		rows++
		if !strings.Contains(readme, row+"\n") {
			t.Errorf("the README's table of profiles should have the row\n%s", row)
		}
	}
	if rows != 3 {
		t.Errorf("%d profiles found in the chart's README, want 3", rows)
	}
}
