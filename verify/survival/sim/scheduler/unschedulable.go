package scheduler

import (
	"fmt"
	"slices"
	"strings"

	fwk "k8s.io/kube-scheduler/framework"
)

// Unschedulable is the error of a pod that fits on no node.
type Unschedulable struct {
	// Pod is "namespace/name", or the name of a pod without a namespace.
	Pod string
	// Reasons counts the nodes by the reason why a plugin refused them.
	Reasons map[string]int
}

// count adds the reasons of a status for a number of nodes.
func (u *Unschedulable) count(status *fwk.Status, nodes int) {
	for _, reason := range status.Reasons() {
		u.Reasons[reason] += nodes
	}
}

func (u *Unschedulable) Error() string {
	text := fmt.Sprintf("pod %s fits on no node", u.Pod)
	if reasons := u.Summary(); reasons != "" {
		text += ": " + reasons
	}
	return text
}

// Summary returns the reasons in one line: "1 node(s) were unschedulable, 2 Insufficient cpu".
func (u *Unschedulable) Summary() string {
	reasons := make([]string, 0, len(u.Reasons))
	for reason, count := range u.Reasons {
		reasons = append(reasons, fmt.Sprintf("%d %s", count, reason))
	}
	slices.Sort(reasons)
	return strings.Join(reasons, ", ")
}
