package rules

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// room is how many pods of a workload there can be on the nodes, whatever else is on them, and what sets that limit.
type room struct {
	pods int
	why  string
	at   Place
	// mixed: pods of different revisions share the room.
	mixed bool
	// tainted are domains that count though no pod may be there; they are what sets the limit, if there are any.
	tainted []string
}

// limits works out the rooms of a workload.
func (g *ground) limits(s *workload.System, w *workload.Workload) []room {
	nodes := g.eligible(w)
	var all []room
	if port, where := hostPort(w); port != 0 && len(nodes) > 0 {
		all = append(all, room{pods: len(nodes), mixed: true, at: where, why: fmt.Sprintf("host port %d is there once on each of %s", port, count(len(nodes), "eligible node"))})
	}
	for _, a := range keptApart(w) {
		if !a.hard || !a.own() {
			continue
		}
		r, limited := room{}, false
		if a.spread != nil {
			r, limited = g.spreadRoom(s, a, nodes)
		} else {
			r, limited = affinityRoom(a, nodes)
		}
		if limited {
			r.mixed = !slices.Contains(a.sameBy, hashLabel)
			all = append(all, r)
		}
	}
	return all
}

// affinityRoom: one pod in each domain. A node without the label is in none, and takes any number.
func affinityRoom(a apart, nodes []*corev1.Node) (room, bool) {
	values, whole := domains(nodes, a.key)
	return room{pods: len(values), at: a.at("topologyKey"), why: fmt.Sprintf("%s allows one in each of %s", a.kind(), count(len(values), "eligible domain"))}, whole && len(values) > 0
}

// spreadRoom: where one domain stays empty no other may have more than maxSkew. Two things keep one empty: fewer domains than
// minDomains, and a domain that counts, as its nodes have the labels, but takes no pod, as they have taints. Which
// nodes count is what plugin PodTopologySpread of kube-scheduler says (matchNodeInclusionPolicies); it leaves out nodes
// that lack a label of any hard constraint. Where pods of others are counted nothing is known.
func (g *ground) spreadRoom(s *workload.System, a apart, nodes []*corev1.Node) (room, bool) {
	if a.abroad || slices.ContainsFunc(s.Workloads, a.counts) {
		return room{}, false
	}
	usable, _ := domains(labelled(a.of, nodes), a.key)
	counted, _ := domains(labelled(a.of, g.counted(a)), a.key)
	r := room{pods: len(usable) * int(a.spread.MaxSkew), at: a.at("topologyKey")}
	r.tainted = slices.DeleteFunc(counted, func(value string) bool { return slices.Contains(usable, value) })
	switch least := a.spread.MinDomains; {
	case len(usable) == 0:
		return room{}, false
	case len(r.tainted) > 0:
		r.why = fmt.Sprintf("%s counts %s, where no pod may be, and so allows %d in each of the other %d", a.kind(), strings.Join(r.tainted, ", "), a.spread.MaxSkew, len(usable))
		return r, true
	case least != nil && len(usable) < int(*least):
		r.why = fmt.Sprintf("%s wants %d domains and has %d, and so allows %d in each", a.kind(), *least, len(usable), a.spread.MaxSkew)
		return r, true
	}
	return room{}, false
}

// counted lists the nodes that a spread constraint counts.
func (g *ground) counted(a apart) []*corev1.Node {
	pod := a.of.Pod(0, 1)
	wants := nodeaffinity.GetRequiredNodeAffinity(pod)
	var all []*corev1.Node
	for _, n := range g.Nodes {
		if p := a.spread.NodeAffinityPolicy; p == nil || *p == corev1.NodeInclusionPolicyHonor {
			if matches, err := wants.Match(n); err != nil || !matches {
				continue
			}
		}
		if p := a.spread.NodeTaintsPolicy; p != nil && *p == corev1.NodeInclusionPolicyHonor && !tolerates(pod, n) {
			continue
		}
		all = append(all, n)
	}
	return all
}

// labelled lists the nodes that have the labels of all hard spread constraints of a workload.
func labelled(w *workload.Workload, nodes []*corev1.Node) []*corev1.Node {
	constraints := keptApart(w)
	return slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool {
		return slices.ContainsFunc(constraints, func(a apart) bool {
			_, has := n.Labels[a.key]
			return a.spread != nil && a.hard && !has
		})
	})
}
