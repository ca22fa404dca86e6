package plan

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-ha/holdfast/internal/table"
)

// Write writes the plan as text for a terminal.
func (p Plan) Write(out io.Writer) error {
	w := &writer{out: out}
	w.paragraph("", p.Summary)
	if p.From != "" {
		w.print("from %s to %s\n", p.From, p.To)
	}
	if p.Verdict == Nothing {
		return w.err
	}
	w.findings(p)
	w.objects(p)
	w.claims(p)
	if len(p.Elections) > 0 {
		w.print("\nElection\n")
		for _, e := range p.Elections {
			w.print("  %s: %s -> %s\n", e.Object, e.From, e.To)
		}
	}
	if len(p.Copies) > 0 {
		w.print("\nReplicas on the bus\n")
		for _, c := range p.Copies {
			w.print("  stream %s: %s -> %d\n", c.Stream, orNew(c.From), c.To)
		}
	}
	w.commands("With Helm", p.Helm)
	w.commands("Without Helm", p.Kubectl)
	return w.err
}

func orNew(n int) string {
	if n == 0 {
		return "new"
	}
	return fmt.Sprint(n)
}

// writer writes until the first error, and keeps it.
type writer struct {
	out io.Writer
	err error
}

func (w *writer) print(format string, a ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, format, a...)
	}
}

// paragraph writes a text in lines that fit; all but the first are indented by two more.
func (w *writer) paragraph(indent, text string) {
	w.print("%s", table.Lines{First: indent, Rest: indent + "  "}.Wrap(strings.Fields(text)))
}

func (w *writer) findings(p Plan) {
	rest := p.Findings
	if len(rest) > 0 && !rest[0].Verdict.Fine() {
		rest = rest[1:] // the first is the summary
	}
	if len(rest) == 0 {
		return
	}
	w.print("\nBefore you start\n")
	for _, f := range rest {
		w.paragraph("  ", fmt.Sprintf("%s: %s: %s", verdictText[f.Verdict], f.Object, f.Text))
	}
}

func (w *writer) objects(p Plan) {
	count := map[Action]int{}
	for _, c := range p.Objects {
		count[c.Action]++
	}
	var parts []string
	for _, action := range []Action{Created, Changed, Removed, Left, Unchanged} {
		if count[action] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[action], action))
		}
	}
	w.print("\nObjects: %s\n", strings.Join(parts, ", "))
	for _, c := range p.Objects {
		word, replaced := string(c.Action), ""
		switch {
		case c.Action == Unchanged && !c.Rolls:
			continue
		case c.Action == Unchanged:
			word = "rollout"
		case c.Rolls:
			replaced = ", its pods are replaced"
		}
		w.print("  %-9s%s%s\n", word, c.Object, replaced)
		for _, f := range c.Fields {
			w.field(f)
		}
	}
}

// field writes a difference on one line, or on two if it is too long.
func (w *writer) field(f Field) {
	path := f.Path
	if f.Immutable {
		path += " (immutable)"
	}
	// The end of a long path names the field.
	if runes := []rune(path); len(runes) > table.Width-7 {
		path = "…" + string(runes[len(runes)-table.Width+8:])
	}
	if lines := changedLines(f.Old, f.New); len(lines) > 0 {
		w.print("      %s:\n", path)
		for _, line := range lines {
			w.print("        %s\n", line)
		}
		return
	}
	values := short(f.Old) + " -> " + short(f.New)
	if line := "      " + path + ": " + values; utf8.RuneCountInString(line) <= table.Width {
		w.print("%s\n", line)
		return
	}
	w.print("      %s:\n        %s\n", path, values)
}

// short formats a value in at most a few words.
func short(value any) string {
	switch v := value.(type) {
	case nil:
		return "none"
	case map[string]any:
		return fmt.Sprintf("{%s}", cut(strings.Join(sortedKeys(v), ", ")))
	case []any:
		_, all, ok := named(v)
		for _, item := range v {
			if !ok {
				all = append(all, short(item))
			}
		}
		return fmt.Sprintf("[%s]", cut(strings.Join(all, ", ")))
	case string:
		lines := strings.Count(strings.TrimRight(v, "\n"), "\n") + 1
		switch {
		case lines > 1:
			return fmt.Sprintf("%d lines", lines)
		case strings.Contains(v, "\n"):
			return "1 line"
		}
		if v == "" {
			return `""`
		}
		return cut(v)
	}
	return fmt.Sprint(value)
}

// maxLines is the number of changed lines of a text that are shown.
const maxLines = 20

// changedLines returns the lines in which two texts of several lines differ, as in a diff; none for other values.
func changedLines(old, now any) []string {
	a, ok := old.(string)
	b, ok2 := now.(string)
	if !ok || !ok2 || !strings.Contains(a, "\n") || !strings.Contains(b, "\n") {
		return nil
	}
	var all []string
	for _, line := range diff(strings.Split(strings.TrimRight(a, "\n"), "\n"), strings.Split(strings.TrimRight(b, "\n"), "\n")) {
		if runes := []rune(line); len(runes) > table.Width-8 {
			line = string(runes[:table.Width-9]) + "…"
		}
		all = append(all, line)
	}
	if len(all) > maxLines {
		all = append(all[:maxLines-1], fmt.Sprintf("… and %d more lines", len(all)-maxLines+1))
	}
	return all
}

// diff returns the lines of a that are not in b after "- ", and those of b that are not in a after "+ ", by their longest
// common subsequence.
func diff(a, b []string) []string {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var all []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			all, i = append(all, "- "+a[i]), i+1
		default:
			all, j = append(all, "+ "+b[j]), j+1
		}
	}
	return all
}

// cut shortens a text.
func cut(text string) string {
	const limit = 42
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}

func (w *writer) claims(p Plan) {
	if len(p.Claims) == 0 || w.err != nil {
		return
	}
	w.print("\nVolume claims\n")
	t := table.Table{Indent: "  "}
	for _, c := range p.Claims {
		t.Rows = append(t.Rows, []string{string(c.Fate), c.Name})
	}
	w.err = t.Write(w.out)
}

func (w *writer) commands(title string, commands []Command) {
	if len(commands) == 0 {
		return
	}
	w.print("\n%s\n", title)
	for _, c := range commands {
		w.print("  # %s\n%s", c.Why, table.Lines{First: "  ", Rest: "    ", End: ` \`}.Wrap(units(c.words)))
	}
}

// units joins a flag with its value, and a pipe with the command after it, so that no line break separates them.
func units(words []string) []string {
	var all []string
	flag := false
	for _, word := range words {
		isFlag := len(word) > 1 && word[0] == '-'
		piped := len(all) > 0 && strings.HasPrefix(all[len(all)-1], "|")
		if (flag || piped) && !isFlag && word != "|" {
			all[len(all)-1] += " " + word
			flag = false
			continue
		}
		all = append(all, word)
		flag = isFlag && !strings.Contains(word, "=")
	}
	return all
}
