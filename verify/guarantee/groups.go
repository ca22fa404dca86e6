package guarantee

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// group computes the bounds of workloads that replicate together: how many of their pods one failure domain can hold. The bounds of
// the members are added, except where required anti-affinity keeps the pods of all members apart.
type group struct {
	*workload.Group
	members []*places
}

// bounds returns the bounds of the group for each kind of failure domain.
func (g group) bounds(own *places) []Bounds {
	var all []Bounds
	for _, d := range own.domains {
		all = append(all, Bounds{Domain: d.kind})
	}
	for h := placed; h < histories; h++ {
		perNode := make([][]int, len(g.members))
		for i, p := range g.members {
			perNode[i] = p.perNode(h)
		}
		for i, d := range own.domains {
			*all[i].at(h) = g.bound(h, perNode, own, d)
		}
	}
	return all
}

// bound finds the failure domain whose pods the group needs most.
func (g group) bound(h history, perNode [][]int, own *places, domains failureDomains) Bound {
	all := g.most(h, perNode, own.indexes)
	ready := func(lost []int) int {
		return g.Ready(func(w *workload.Workload) int {
			i := slices.Index(g.Workloads, w)
			return all[i] - lost[i]
		})
	}
	needs := g.Needs(own.members())
	b := Bound{Why: "no node accepts the pods", Serves: ready(make([]int, len(all))) >= needs}
	for _, d := range domains.all {
		lost := g.most(h, perNode, d.nodes)
		sum := 0
		for _, n := range lost {
			sum += n
		}
		serves := ready(lost) >= needs
		if apart, ok := g.apart(d.nodes); ok && !g.Zones && sum > apart {
			sum = apart
			serves = sumOf(all)+g.External-apart >= needs
		}
		if b.Serves && !serves || b.Serves == serves && sum > b.Pods {
			b = Bound{Pods: sum, On: d.name, Serves: serves, Why: g.why(h, perNode, lost, d.nodes, domains.kind.Name)}
		}
	}
	return b
}

// most returns how many pods of each member some nodes can hold.
func (g group) most(h history, perNode [][]int, nodes []int) []int {
	most := make([]int, len(g.members))
	for i, p := range g.members {
		most[i] = p.most(h, perNode[i], nodes)
	}
	return most
}

// apart returns how many pods of all members some nodes can hold, if required anti-affinity of each member repels the pods of all.
func (g group) apart(nodes []int) (most int, ok bool) {
	for key := range g.members[0].repelsGroup {
		if slices.ContainsFunc(g.members, func(p *places) bool { return !p.repelsGroup[key] }) {
			continue
		}
		in, all := map[int]bool{}, true
		for _, i := range nodes {
			domain := g.members[0].partition(key).of[i]
			all = all && domain != none
			in[domain] = true
		}
		if all && (!ok || len(in) < most) {
			most, ok = len(in), true
		}
	}
	return most, ok
}

// why explains how the pods of the members can be on some nodes.
func (g group) why(h history, perNode [][]int, lost, nodes []int, noun string) string {
	var all []string
	for i, p := range g.members {
		if lost[i] > 0 {
			all = append(all, fmt.Sprintf("%d of %s: %s", lost[i], p.workload, p.why(h, perNode[i], nodes, lost[i], noun)))
		}
	}
	return strings.Join(all, "; ")
}

func sumOf(all []int) int {
	n := 0
	for _, one := range all {
		n += one
	}
	return n
}

// groupOf returns the group of a workload with the places of its members.
func groupOf(w *workload.Workload, all []*places) group {
	g := group{Group: w.Group}
	for _, member := range w.Group.Workloads {
		i := slices.IndexFunc(all, func(p *places) bool { return p.workload == member })
		g.members = append(g.members, all[i])
	}
	return g
}

// members returns the number of pods that replicate together: those of the workload, or of its group.
func (p *places) members() int {
	if p.workload.Group == nil {
		return p.pods
	}
	return p.workload.Group.Pods(replicas)
}

func replicas(w *workload.Workload) int { return w.Replicas }

// servesWith reports whether the workload, or its group, serves with that many of the workload's own pods.
func (p *places) servesWith(own int) bool {
	g := p.workload.Group
	if g == nil {
		return own >= p.workload.Replication.Needs(p.pods)
	}
	return g.Ready(func(w *workload.Workload) int {
		if w == p.workload {
			return own
		}
		return w.Replicas
	}) >= g.Needs(p.members())
}

// needs returns how many of the members must be ready.
func (p *places) needs() int {
	if g := p.workload.Group; g != nil {
		return g.Needs(p.members())
	}
	return p.workload.Replication.Needs(p.pods)
}

// replicatesWith returns the workloads of the group, or the workload alone.
func (p *places) replicatesWith() []*workload.Workload {
	if g := p.workload.Group; g != nil {
		return g.Workloads
	}
	return []*workload.Workload{p.workload}
}
