package report

import (
	"strings"
	"unicode/utf8"
)

// terminal is text for a terminal.
type terminal struct {
	strings.Builder
	coloured bool
}

// Colours of a terminal, by their ANSI codes: of the sixteen that its owner chose.
const (
	bold    = "1"
	good    = "32"
	warning = "33"
	bad     = "31"
)

// of is the colour that a cell of the table has by its verdict.
func of(cell string) string {
	switch {
	case strings.HasSuffix(cell, "*"):
		return warning
	case cell == Stops || cell == Blocked:
		return bad
	case strings.HasPrefix(cell, "down ") || cell == "returns":
		return warning
	case cell == Serves || strings.HasPrefix(cell, "after "):
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
	p.WriteString(p.paint(text, codes...) + "\n")
}

// wrapped writes text in lines of the terminal's width. Words that are longer stay whole, for they are names and files.
func (p *terminal) wrapped(first, others, text string) {
	line := first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			p.line(line)
			line = others + word
		default:
			line += " " + word
		}
	}
	p.line(line)
}

// table writes rows under each other, the first of them the head. Where a name is too long for the terminal it stands on
// a line of its own.
func (p *terminal) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row[1:] {
			widths[i+1] = max(widths[i+1], utf8.RuneCountInString(cell))
		}
	}
	room := width
	for _, w := range widths {
		room -= w + 2
	}
	room += 2
	for _, row := range rows {
		if name := utf8.RuneCountInString(row[0]); name <= room {
			widths[0] = max(widths[0], name)
		}
	}
	for n, row := range rows {
		name := row[0]
		if utf8.RuneCountInString(name) > room {
			p.line(name)
			name = ""
		}
		line := padded(name, widths[0])
		for i, cell := range row[1:] {
			text := padded(cell, widths[i+1])
			if n > 0 {
				text = strings.Replace(text, cell, p.paint(cell, of(cell)), 1)
			}
			line += "  " + text
		}
		p.line(strings.TrimRight(line, " "))
	}
}

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
