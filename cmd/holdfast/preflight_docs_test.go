package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/preflight/checks"
)

// TestPreflightDocs: docs/preflight.md lists every check with what it reads. The flag -fixdocs writes the list.
func TestPreflightDocs(t *testing.T) {
	const file, begin, end = "../../docs/preflight.md", "<!-- checks -->\n", "<!-- /checks -->\n"
	var table strings.Builder
	table.WriteString("| check | what it checks | reads |\n|---|---|---|\n")
	for _, c := range checks.All() {
		var reads []string
		for _, r := range c.Reads {
			_, name := r.Group()
			reads = append(reads, name)
		}
		if len(reads) == 0 {
			reads = []string{"the API versions of the server"}
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", c.ID, c.Title, strings.Join(reads, ", "))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, alsoOK := strings.Cut(rest, end)
	if !ok || !alsoOK {
		t.Fatalf("%s has no list between %q and %q", file, begin, end)
	}
	want := before + begin + table.String() + end + after
	if *fixDocs {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Errorf("%s is stale: make generate", file)
	}
}
