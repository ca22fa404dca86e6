// Package table lays out text for a terminal: rows of cells in columns, and words in lines.
//
// Cells and words are often text of other people: characters that a terminal interprets are escaped.
//
// text/tabwriter is not enough here: it counts colour codes as letters, and a long name widens its column for every row.
package table

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-ha/holdfast/internal/plain"
)

// Width is the number of columns that every terminal is assumed to have.
const Width = 100

const gap = "  "

// Table is a table that fits a terminal if its cells allow it.
type Table struct {
	// Rows are the cells, row by row. Rows may have different lengths.
	Rows [][]string
	// Indent precedes each line.
	Indent string
	// Paint returns the text of a cell with its colour codes; nil leaves all cells plain.
	Paint func(row int, cell string) string
}

// Write writes the table, without spaces at the ends of lines. If the first cell of a row would make the table wider
// than the terminal, it has its own line above the other cells.
func (t Table) Write(out io.Writer) error {
	t = t.escaped()
	var text strings.Builder
	widths := t.widths()
	for n, row := range t.Rows {
		var line strings.Builder
		line.WriteString(t.Indent)
		for i, cell := range row {
			if i > 0 {
				line.WriteString(gap)
			}
			spaces := widths[i] - utf8.RuneCountInString(cell)
			if i == 0 && spaces < 0 {
				text.WriteString(t.Indent + t.paint(n, cell) + "\n")
				cell, spaces = "", widths[0]
			}
			line.WriteString(t.paint(n, cell) + strings.Repeat(" ", spaces))
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// escaped returns the table with escaped cells, so that their widths are right.
func (t Table) escaped() Table {
	rows := t.Rows
	t.Rows = make([][]string, len(rows))
	for n, row := range rows {
		for _, cell := range row {
			t.Rows[n] = append(t.Rows[n], plain.Text(cell))
		}
	}
	return t
}

func (t Table) paint(row int, cell string) string {
	if t.Paint == nil || cell == "" {
		return cell
	}
	return t.Paint(row, cell)
}

// widths returns the width of each column: that of its longest cell. In the first column, cells that do not fit the
// terminal beside the other columns do not count.
func (t Table) widths() []int {
	var widths []int
	for _, row := range t.Rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i > 0 {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	available := Width - utf8.RuneCountInString(t.Indent)
	for i, width := range widths {
		if i > 0 {
			available -= len(gap) + width
		}
	}
	for _, row := range t.Rows {
		if len(row) == 0 {
			continue
		}
		if width := utf8.RuneCountInString(row[0]); width <= available {
			widths[0] = max(widths[0], width)
		}
	}
	return widths
}
