package availability

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/table"
)

// WriteText writes a comparison for a terminal.
func (c Comparison) WriteText(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: expected availability of each workload, and downtime per year\n\n", c.Stack)
	var profiles table.Table
	row := func(name string, cell func(ComparedProfile) string) {
		cells := []string{name}
		for _, p := range c.Profiles {
			cells = append(cells, cell(p))
		}
		profiles.Rows = append(profiles.Rows, cells)
	}
	row("", func(p ComparedProfile) string { return p.Name })
	for _, name := range c.workloads() {
		row(name, func(p ComparedProfile) string { return p.expectation(name) })
	}
	row("", func(ComparedProfile) string { return "" })
	row("nodes", func(p ComparedProfile) string {
		if p.Zones > 0 {
			return fmt.Sprintf("%d in %d zones", p.Nodes, p.Zones)
		}
		return fmt.Sprint(p.Nodes)
	})
	row("pods", func(p ComparedProfile) string { return fmt.Sprint(p.Cost.Pods) })
	row("CPU requested", func(p ComparedProfile) string { return p.Cost.CPU.String() })
	row("memory requested", func(p ComparedProfile) string { return p.Cost.Memory.String() })
	row("disk requested", func(p ComparedProfile) string { return p.Cost.Disk.String() })
	row("zone pairs with quorum replication", func(p ComparedProfile) string { return fmt.Sprint(p.Cost.ZonePairs) })
	_ = profiles.Write(&b)
	b.WriteString("\nAssumed rates; --rates FILE changes them:\n")
	rates := table.Table{Indent: "  "}
	for _, r := range c.Rates {
		rates.Rows = append(rates.Rows, []string{r.Key, r.Value, r.Source})
	}
	_ = rates.Write(&b)
	b.WriteString("\nLimits of the model; most of them make the figures too good:\n")
	for _, limit := range c.LeftOut {
		fmt.Fprintf(&b, "  - %s\n", limit)
	}
	for _, p := range c.Profiles {
		for _, domain := range p.Domains {
			fmt.Fprintf(&b, "  - %s: the failure of a %s is not in the figures\n", p.Name, domain)
		}
		if len(p.Unsupported) > 0 {
			fmt.Fprintf(&b, "  - %s: unsupported kinds, whose pods are not in the figures: %s\n", p.Name, strings.Join(p.Unsupported, ", "))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// workloads returns the names of all workloads, in the order of the first profile that has them.
func (c Comparison) workloads() []string {
	var names []string
	seen := map[string]bool{}
	for _, p := range c.Profiles {
		for _, w := range p.Workloads {
			if name := component(w.Name); !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// component returns a workload's name without the suffix of a standalone server, because standalone and clustered servers are
// compared with each other.
func component(name string) string { return strings.TrimSuffix(name, "-standalone") }

// expectation returns the cell of a workload: "99.95%, 4.1 h".
func (p ComparedProfile) expectation(name string) string {
	for _, w := range p.Workloads {
		switch {
		case component(w.Name) != name:
		case w.Availability == nil:
			return w.Replication
		default:
			return percent(*w.DownSeconds/Year.Seconds()) + ", " + lasting(*w.DownSeconds)
		}
	}
	return "-"
}

// percent formats the availability with two decimals, or as many as the unavailability needs. The model is not accurate to less
// than a second per year.
func percent(down float64) string {
	switch {
	case down == 0:
		return "100%"
	case down*Year.Seconds() < 1:
		return ">99.99999%"
	}
	digits := max(int(math.Ceil(-math.Log10(100*down))), 2)
	return fmt.Sprintf("%.*f%%", digits, 100*(1-down))
}

// lasting formats a time.
func lasting(seconds float64) string {
	switch {
	case seconds >= 3600:
		return fmt.Sprintf("%.1f h", seconds/3600)
	case seconds >= 60:
		return fmt.Sprintf("%.1f min", seconds/60)
	case seconds >= 1:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds > 0:
		return "<1 s"
	}
	return "0 s"
}
