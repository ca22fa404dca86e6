package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report for a terminal.
func (r Report) WriteText(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s", count(len(r.Workloads), "workload"), count(r.Nodes, "node"))
	if r.Zones > 0 {
		fmt.Fprintf(&b, " in %s", count(r.Zones, "zone"))
	}
	switch {
	case r.Claim != "" && r.Kept:
		fmt.Fprintf(&b, ": survives the loss of any %s\n", r.Claim)
	case r.Claim != "":
		fmt.Fprintf(&b, ": does not survive the loss of any %s\n", r.Claim)
	default:
		b.WriteString("\n")
	}
	if len(r.Workloads) > 0 {
		b.WriteString("\n")
		table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "WORKLOAD\tPODS\tREPLICATION\tA NODE LOST\tA ZONE LOST")
		for _, w := range r.Workloads {
			replication := w.Replication
			if w.Assumed {
				replication += "?"
			}
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\n", w.Name, w.Pods, replication, w.Node, w.Zone)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	for _, w := range r.Workloads {
		if w.Assumed {
			b.WriteString("\n?: nobody said how it replicates. Say it by --replication or an annotation.\n")
			break
		}
	}
	for _, w := range r.Workloads {
		for _, why := range w.Waiting {
			fmt.Fprintf(&b, "\n%s: before anything is lost, %s\n", w.Name, why)
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s:%d: %s: %s\n", f.File, f.Line, f.Object, f.Message)
		if f.Ignored != "" {
			fmt.Fprintf(&b, "  %s, ignored: %s\n", f.Rule, f.Ignored)
			continue
		}
		fmt.Fprintf(&b, "  %s: %s\n  %s\n", f.Rule, f.Protects, f.Fix)
	}
	if len(r.NotJudged) > 0 {
		fmt.Fprintf(&b, "\nNot judged, for nothing is known of what they make: %s\n", strings.Join(r.NotJudged, ", "))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// String is the verdict with its counterexample, "-" if there is nothing to lose.
func (w *Worst) String() string {
	switch {
	case w == nil:
		return "-"
	case w.Loss == "":
		return w.Verdict
	}
	return w.Verdict + " (" + w.Loss + ")"
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
