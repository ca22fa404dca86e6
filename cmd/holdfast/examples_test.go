package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var (
	shell = regexp.MustCompile("(?s)```sh\n(.*?)```")
	// after is where another program, a file or a comment begins.
	after = regexp.MustCompile(`\s*(&&|[|>#]).*`)
	// elsewhere is what names a cluster, or a file of the reader's own.
	elsewhere = regexp.MustCompile(`--kubeconfig|--from-release|-f -|manifests/|nodes\.yaml|shop\.yaml`)
)

// TestExamples runs every command that the README, the docs and the help show, but for those that name a cluster or a file of
// the reader's own.
func TestExamples(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, line := range slices.Compact(slices.Sorted(slices.Values(shown(t)))) {
		args, is := strings.CutPrefix(after.ReplaceAllString(strings.TrimSpace(line), ""), "holdfast ")
		if !is || elsewhere.MatchString(args) {
			continue
		}
		ran++
		dir := t.TempDir()
		for _, data := range []string{"golden", "stacks", "values"} {
			if err := os.Symlink(filepath.Join(root, data), filepath.Join(dir, data)); err != nil {
				t.Fatal(err)
			}
		}
		t.Chdir(dir)
		var errOut bytes.Buffer
		if code := run(strings.Fields(args), strings.NewReader(""), io.Discard, &errOut); code == exitBadInput || code == exitOther {
			t.Errorf("holdfast %s: %s", args, errOut.String())
		}
	}
	if ran < 20 {
		t.Errorf("only %d commands are shown", ran)
	}
}

// shown are the lines of all that is shown to be typed.
func shown(t *testing.T) (lines []string) {
	t.Helper()
	for _, file := range []string{"README.md", "docs/kustomize/README.md"} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shell.FindAllStringSubmatch(string(text), -1) {
			lines = append(lines, strings.Split(block[1], "\n")...)
		}
	}
	root := newRootCmd(streams{strings.NewReader(""), io.Discard, io.Discard})
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		lines = append(lines, strings.Split(cmd.Example, "\n")...)
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}
