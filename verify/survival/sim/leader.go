package sim

import (
	"slices"
	"strings"
)

// hasLeader reports whether the workload has a leader, so that no other pod becomes Ready.
func (c *Controller) hasLeader() bool { return c.Workload.LeaderOnly != "" && c.ready > 0 }

// standsBy reports whether the pod runs and is not Ready because it is not the leader. A container of the input that runs and is not
// Ready is taken as one of these.
func (p *Pod) standsBy() bool {
	leads := p.controller.Workload.LeaderOnly != ""
	return leads && p.state == failing && (p.fault == nil || strings.HasSuffix(p.fault.reason, "runs and is not Ready")) && !p.onFailedNode()
}

// elect makes the first pod that stands by the leader. The time that the election takes is added to the outcome.
func (l *lifecycle) elect(c *Controller) {
	if i := slices.IndexFunc(c.pods, (*Pod).standsBy); i >= 0 {
		l.markReady(c.pods[i])
	}
}

// running returns how many pods are Ready or stand by.
func (c *Controller) running() int {
	n := c.ready
	for _, p := range c.pods {
		if p.standsBy() {
			n++
		}
	}
	return n
}

// notLeader returns why a pod that stands by is not Ready; "" if none does.
func (c *Controller) notLeader() string {
	if i := slices.IndexFunc(c.pods, (*Pod).standsBy); i >= 0 {
		return "pod " + c.pods[i].key() + " is not Ready: " + c.Workload.LeaderOnly
	}
	return ""
}
