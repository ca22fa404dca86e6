package report

import (
	"strings"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/internal/table"
)

// terminal is text for a terminal.
type terminal struct {
	strings.Builder
	coloured bool
}

// ANSI codes of the basic colours, which the user's theme defines.
const (
	bold    = "1"
	good    = "32"
	warning = "33"
	bad     = "31"
)

// colourOf is the colour of a table cell by its verdict; "" for other cells.
func colourOf(cell string) string {
	switch {
	case strings.HasSuffix(cell, "*"):
		return warning
	case cell == label(Stops) || cell == label(Blocked):
		return bad
	case strings.HasPrefix(cell, "down ") || cell == label(Recovers):
		return warning
	case cell == label(Serves) || strings.HasPrefix(cell, "after "):
		return good
	}
	return ""
}

func (p *terminal) paint(text string, codes ...string) string {
	style := strings.Trim(strings.Join(codes, ";"), ";")
	if !p.coloured || style == "" || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (p *terminal) line(text string, codes ...string) {
	p.WriteString(p.paint(plain.Text(text), codes...) + "\n")
}

// wrap writes text in lines that fit the terminal; no text, no line.
func (p *terminal) wrap(first, rest, text string) {
	if text != "" {
		p.WriteString(table.Lines{First: first, Rest: rest}.Wrap(strings.Fields(text)))
	}
}
