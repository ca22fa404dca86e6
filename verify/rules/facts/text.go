package facts

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// List joins the names of workloads with "and".
func List(all []*workload.Workload) string {
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.String()
	}
	return strings.Join(names, " and ")
}

// Count returns a number with a noun: "1 node", "2 nodes".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Names joins names with commas and "and". After the first three, the rest is counted.
func Names(names []string) string {
	const most = 3
	if more := len(names) - most; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
