package evidence

import (
	"os"
	"strings"
	"testing"
)

// TestReadme checks that the README has the measured losses.
func TestReadme(t *testing.T) {
	e, err := Read("../../../docs/evidence")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := e.Sentence(); !strings.Contains(strings.Join(strings.Fields(string(readme)), " "), want) {
		t.Errorf("README.md should have the sentence\n%s", want)
	}
}

// TestSentence: losses after a failure that the profile does not survive are named as such.
func TestSentence(t *testing.T) {
	lost := func(n int) (r Result) {
		r.System, r.Webhook.Acked, r.Webhook.Lost = "a", 10, n
		return r
	}
	byChoice := lost(2)
	byChoice.ByChoice = true
	e := Evidence{Nodes: 6, Totals: []Result{lost(3)}, Results: []Result{lost(1), byChoice}}
	want := ": a 3 of 10 (2 in a failure that the profile does not survive)."
	if got := e.Sentence(); !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want the end %q", got, want)
	}
}
