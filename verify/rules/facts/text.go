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
