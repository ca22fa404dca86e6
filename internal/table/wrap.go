package table

import (
	"strings"
	"unicode/utf8"

	"github.com/holdfast-ha/holdfast/internal/plain"
)

// Lines are the margins of a paragraph.
type Lines struct {
	// First precedes the first line, Rest each other line.
	First, Rest string
	// End follows each line but the last.
	End string
}

// Wrap joins words into lines that fit the terminal, each with a line break. Longer words, such as names and files, stay
// whole.
func (l Lines) Wrap(words []string) string {
	var text strings.Builder
	line := l.First
	for i, word := range words {
		word = plain.Text(word)
		switch {
		case i == 0:
			line += word
		case utf8.RuneCountInString(line+" "+word+l.End) > Width:
			text.WriteString(line + l.End + "\n")
			line = l.Rest + word
		default:
			line += " " + word
		}
	}
	text.WriteString(line + "\n")
	return text.String()
}
