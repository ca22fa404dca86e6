package golden

import (
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// difference returns a unified diff with three lines of context.
func difference(want, got string) string {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(want), B: difflib.SplitLines(got), FromFile: "want", ToFile: "got", Context: 3,
	})
	if err != nil {
		return err.Error()
	}
	return strings.TrimRight(text, "\n")
}
