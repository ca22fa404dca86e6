package preflight

import (
	"fmt"
	"io"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/internal/table"
	"github.com/holdfast-ha/holdfast/preflight/checks"
)

// colours are the ANSI codes of the basic colours, which the user's theme defines.
var colours = map[checks.Status]string{checks.OK: "32", checks.Warn: "33", checks.Unknown: "33", checks.Fail: "31"}

// mostFindings is the number of findings of a check in the text. The JSON has all.
const mostFindings = 10

// WriteText writes the report for a person.
func (r Report) WriteText(out io.Writer, coloured bool) error {
	var text strings.Builder
	fmt.Fprintf(&text, "Kubernetes %s, %s in %s\n\n", plain.Text(r.KubeVersion), plural(r.Nodes, "node"), plural(len(r.Zones), "zone"))
	for _, c := range r.Checks {
		status := fmt.Sprintf("%-7s", c.Status)
		if coloured {
			status = "\x1b[" + colours[c.Status] + "m" + status + "\x1b[0m"
		}
		line := fmt.Sprintf("%s  %-17s", status, c.ID)
		switch {
		case c.Accepted && c.Status != checks.OK:
			line += "  accepted"
		case c.Status == checks.OK:
			line += "  " + plain.Text(c.Summary)
		}
		text.WriteString(strings.TrimRight(line, " ") + "\n")
		for i, f := range c.Findings {
			if i == mostFindings {
				fmt.Fprintf(&text, "         %d more: pass -o json\n", len(c.Findings)-i)
				break
			}
			message := f.Message
			if f.Object != "" {
				message = f.Object + ": " + message
			}
			text.WriteString(table.Lines{First: "         ", Rest: "         "}.Wrap(strings.Fields(message)))
			text.WriteString(table.Lines{First: "           Fix: ", Rest: "           "}.Wrap(strings.Fields(f.Fix)))
		}
	}
	text.WriteString("\n" + r.headline() + "\n")
	_, err := io.WriteString(out, text.String())
	return err
}

// headline counts the checks by status: "passed: 9 ok, 2 warn".
func (r Report) headline() string {
	const accepted checks.Status = "accepted"
	number := map[checks.Status]int{}
	for _, c := range r.Checks {
		if c.Accepted && c.Status != checks.OK {
			number[accepted]++
		} else {
			number[c.Status]++
		}
	}
	var parts []string
	for _, status := range []checks.Status{checks.Fail, checks.Unknown, checks.Warn, accepted, checks.OK} {
		if number[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", number[status], status))
		}
	}
	verdict := "Not passed"
	if r.Passed {
		verdict = "Passed"
	}
	return verdict + ": " + strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
