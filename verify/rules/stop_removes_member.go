package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// removals are commands that remove a member from its cluster, each with the consequence. Sources: the documentation of etcdctl member
// remove, consul leave (a server leaves the Raft peers), rabbitmqctl, nodetool decommission, rs.remove of mongosh, cockroach node
// decommission, redis-cli --cluster del-node, zookeeper reconfig, and nats server raft peer-remove.
var removals = []struct {
	command     *regexp.Regexp
	consequence string
}{
	{regexp.MustCompile(`\betcdctl\b.*\bmember\s+remove\b`), "the member must be added again, with an empty data directory"},
	{regexp.MustCompile(`\b(consul|vault|bao|nomad)\s+operator\s+raft\s+remove-peer\b`), "the member must join again"},
	{regexp.MustCompile(`\bconsul\s+leave\b`), "the quorum becomes smaller with every server that stops"},
	{regexp.MustCompile(`/v1/agent/leave\b`), "the quorum becomes smaller with every server that stops"},
	{regexp.MustCompile(`/_cluster/voting_config_exclusions\b`), "the node has no vote until the exclusion is deleted"},
	{regexp.MustCompile(`\bnomad\s+server\s+force-leave\b`), "the member must join again"},
	{regexp.MustCompile(`\bnodetool\b.*\b(decommission|removenode)\b`), "the node moves all its data to others, and does not join again with its old data"},
	{regexp.MustCompile(`\brabbitmqctl\b.*\b(forget_cluster_node|force_reset|reset)\b`), "the node must join again, and loses its data"},
	{regexp.MustCompile(`\brs\.remove\(`), "the member must be added again"},
	{regexp.MustCompile(`\bcockroach\s+node\s+decommission\b`), "a decommissioned node cannot join again"},
	{regexp.MustCompile(`(?i)\bredis-cli\b.*(--cluster\s+del-node|\bcluster\s+forget)\b`), "the node must join again"},
	{regexp.MustCompile(`\breconfig\s+-remove\b`), "the member must join again"},
	{regexp.MustCompile(`\bnats\b.*\bpeer-remove\b`), "the stream copies its data to another server"},
}

// conditional matches a script that may run the rest only in some cases, for example while the StatefulSet is scaled down.
var conditional = regexp.MustCompile(`\b(if|case|while|until|for|test)\b|\[|\|\||\breturn\b|\bexit\b`)

// A hook that removes the member only when the StatefulSet is scaled down is right: nothing is reported after a condition. consul
// leave is right for client agents, so only quorum members and StatefulSets are checked.
var stopRemovesMember = &Rule{
	ID:       "stop-removes-member",
	Severity: Warning,
	Protects: "A preStop hook runs at every stop: at each drain, rollout and restart. One that removes the member from the cluster leaves a smaller quorum, and the pod that comes back is a stranger.",
	Fix:      "Remove the hook. Take a member out only when you scale down, by hand or with an operator; for a stop, a member needs no more than time to hand over its leadership.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if w.Replicas < 2 || w.Kind != workload.StatefulSet && !facts.IsQuorum(w) {
				continue
			}
			for _, c := range facts.Containers(w) {
				if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Exec == nil {
					continue
				}
				command := c.Lifecycle.PreStop.Exec.Command
				if removal, consequence := removalIn(strings.Join(command, " ") + "\n" + s.Script(w, c, command)); removal != "" {
					report(facts.InTemplate(w, append(c.Path, "lifecycle", "preStop")...), fmt.Sprintf("whenever container %s stops, %q removes it from the cluster: %s", c.Name, removal, consequence))
				}
			}
		}
	},
}

// removalIn returns the command of a script that always removes the member, and the consequence; "" if there is none.
func removalIn(script string) (command, consequence string) {
	for _, r := range removals {
		if at := r.command.FindStringIndex(script); at != nil && !conditional.MatchString(script[:at[0]]) {
			return strings.Join(strings.Fields(script[at[0]:at[1]]), " "), r.consequence
		}
	}
	return "", ""
}
