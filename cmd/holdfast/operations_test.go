package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestOperationsRun: each command in docs/operations is one that TestManual of e2e/live runs on real nodes, or names the test that does, and
// TestManual runs no command that no page has.
func TestOperationsRun(t *testing.T) {
	var lessons []struct {
		Page string
		Run  []string
		Test string
	}
	if err := yaml.Unmarshal([]byte(readDocument(t, "e2e/live/manual.yaml")), &lessons); err != nil {
		t.Fatal(err)
	}
	ran := map[string][]string{}
	for _, l := range lessons {
		ran[l.Page] = append(ran[l.Page], l.Run...)
		if dir, name, _ := strings.Cut(l.Test, " "); l.Test != "" && !hasTest(t, dir, name) {
			t.Errorf("%s: no test %s", l.Page, l.Test)
		}
	}
	pages, err := os.ReadDir(filepath.Join("../..", "docs/operations"))
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, page := range pages {
		commands := commandsOf(readDocument(t, "docs/operations/"+page.Name()))
		all += len(commands)
		for _, command := range commands {
			if !slices.Contains(ran[page.Name()], command) {
				t.Errorf("docs/operations/%s: no lesson in e2e/live/manual.yaml runs %s", page.Name(), command)
			}
		}
		for _, command := range ran[page.Name()] {
			if !slices.Contains(commands, command) {
				t.Errorf("e2e/live/manual.yaml: %s does not have %s", page.Name(), command)
			}
		}
		delete(ran, page.Name())
	}
	for page := range ran {
		t.Errorf("e2e/live/manual.yaml: docs/operations has no page %s", page)
	}
	if all < 50 {
		t.Errorf("only %d commands found", all)
	}
}

// commandsOf lists the lines of the sh blocks of a page, continued lines as one.
func commandsOf(page string) []string {
	var commands []string
	for _, block := range shell.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", "")) {
			if line = strings.TrimSpace(line); line != "" {
				commands = append(commands, line)
			}
		}
	}
	return commands
}
