package guarantee

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// places is where a workload's pods may be.
type places struct {
	*topology
	of   *workload.Workload
	pods int
	// room is how many pods a node can hold by itself, tight what makes it so few.
	room   []int
	tight  []string
	limits []limit
}

// limit is how many pods one domain of a key can hold.
type limit struct {
	division
	most [moments]int
	// why proves it; one is what such a domain is called.
	why [moments]string
	one string
	// apart: it is for the pods of each revision by themselves.
	apart bool
}

func newPlaces(t *topology, s *system, w *workload.Workload) *places {
	p := &places{topology: t, of: w, pods: w.Replicas, room: make([]int, len(t.nodes)), tight: make([]string, len(t.nodes))}
	r := newReader(s, w)
	for i, n := range t.nodes {
		if r.fit.takes(n) && r.counts(n) {
			p.room[i], p.tight[i] = r.fit.room(n)
		}
	}
	if w.Kind == workload.DaemonSet {
		p.pods = 0
		for i := range p.room {
			p.room[i], p.tight[i] = min(p.room[i], 1), "a DaemonSet has one a node"
			p.pods += p.room[i]
		}
	}
	p.limits = r.repel(t)
	p.limits = append(p.limits, r.spread(p)...)
	return p
}

// each is how many pods each node can hold by itself at a moment.
func (p *places) each(m moment) []int {
	each := slices.Clone(p.room)
	for i := range each {
		each[i] = min(each[i], p.pods)
		for _, l := range p.limits {
			if l.of[i] != none {
				each[i] = min(each[i], l.most[m])
			}
		}
	}
	return each
}

// atOnce is how many pods of all revisions a node can hold, by what is known so far.
func (p *places) atOnce(i int) int {
	room := p.room[i]
	for _, l := range p.limits {
		if l.of[i] != none && !l.apart {
			room = min(room, l.most[placed])
		}
	}
	return room
}

// most is how many pods some nodes can hold together: the least that any one constraint says.
func (p *places) most(m moment, each, nodes []int) int {
	most := 0
	for _, i := range nodes {
		most = min(most+each[i], p.pods)
	}
	if len(nodes) > 1 {
		for _, l := range p.limits {
			sum, _ := l.by(m, each, nodes)
			most = min(most, sum)
		}
	}
	return most
}

// by is how many pods some nodes can hold by one limit and what each of them can hold, and in how many of its domains.
func (l limit) by(m moment, each, nodes []int) (pods, domains int) {
	in := make([]int, l.count)
	for _, i := range nodes {
		if l.of[i] == none {
			pods += each[i]
		} else {
			in[l.of[i]] += each[i]
		}
	}
	for _, has := range in {
		pods += min(has, l.most[m])
		if has > 0 {
			domains++
		}
	}
	return pods, domains
}

// why says what keeps all but so many pods off some nodes. Of constraints that say the same, the first is told.
func (p *places) why(m moment, each, nodes []int, pods int) string {
	if pods == p.pods {
		return p.unbound(nodes)
	}
	for _, l := range p.limits {
		switch sum, domains := l.by(m, each, nodes); {
		case sum > pods:
		case domains > 1:
			return fmt.Sprintf("%s, and %d %ss take them", l.why[m], domains, l.one)
		default:
			return l.why[m]
		}
	}
	open := slices.DeleteFunc(slices.Clone(nodes), func(i int) bool { return each[i] == 0 })
	if len(open) > 1 {
		return fmt.Sprintf("%s, and %d nodes take them", p.tight[open[0]], len(open))
	}
	return p.tight[open[0]]
}

// unbound says that nothing keeps the pods apart on some nodes.
func (p *places) unbound(nodes []int) string {
	what := "zone"
	if len(nodes) == 1 {
		what = "node"
	}
	room := slices.Clone(p.room)
	for _, i := range nodes {
		room[i] = 0
	}
	switch {
	case p.of.Kind == workload.DaemonSet:
		return p.tight[nodes[0]]
	case p.pods == 1:
		return "it is one pod"
	case slices.Max(room) == 0:
		return fmt.Sprintf("no other %s takes them", what)
	}
	return fmt.Sprintf("nothing binds them: all %d may share a %s", p.pods, what)
}

// bound finds the failure domain that can hold the most pods.
func (p *places) bound(m moment, each []int, domains []domain) Bound {
	worst, nodes := Bound{Why: "no node takes them"}, []int(nil)
	for _, d := range domains {
		if pods := p.most(m, each, d.nodes); pods > worst.Pods {
			worst, nodes = Bound{Pods: pods, On: d.name}, d.nodes
		}
	}
	if worst.Pods > 0 {
		worst.Why = p.why(m, each, nodes, worst.Pods)
	}
	worst.Serves = p.serves(p.most(m, each, p.all), worst.Pods)
	return worst
}

// serves tells whether the workload goes on when some of the pods that run are taken. Nobody misses the pod that a DaemonSet
// had on a node that is lost.
func (p *places) serves(run, taken int) bool {
	of := p.pods
	if p.of.Kind == workload.DaemonSet {
		of -= taken
	}
	return run-taken >= p.of.Replication.Model.Needs(of)
}
