package scheduler

import (
	"fmt"
	"slices"
	"strings"

	fwk "k8s.io/kube-scheduler/framework"
)

// Unschedulable says why a pod fits on no node: how many nodes each plugin refused, and the reasons in its words.
type Unschedulable struct {
	Pod     string
	Reasons map[string]int
}

// count adds the reasons of a status that so many nodes have.
func (u *Unschedulable) count(status *fwk.Status, nodes int) {
	for _, reason := range status.Reasons() {
		u.Reasons[reason] += nodes
	}
}

func (u *Unschedulable) Error() string {
	text := fmt.Sprintf("pod %s fits on no node", u.Pod)
	if why := u.Summary(); why != "" {
		text += ": " + why
	}
	return text
}

// Reason is the reasons in a line, without the pod: "2 Insufficient cpu, 1 node(s) were unschedulable".
func (u *Unschedulable) Summary() string {
	reasons := make([]string, 0, len(u.Reasons))
	for reason, count := range u.Reasons {
		reasons = append(reasons, fmt.Sprintf("%d %s", count, reason))
	}
	slices.Sort(reasons)
	return strings.Join(reasons, ", ")
}
