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
