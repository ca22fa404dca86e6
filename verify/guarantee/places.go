package guarantee

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// places is where the pods of a workload can be.
type places struct {
	*topology
	workload *workload.Workload
	pods     int
	// capacity is how many pods each node can hold by itself, and reason what limits it.
	capacity []int
	reason   []string
	limits   []limit
	// repelsGroup are the topology keys of required anti-affinity against the pods of all members of the workload's group.
	repelsGroup map[string]bool
}

// limit is how many pods one topology domain can hold.
type limit struct {
	partition
	max [histories]int
	// why is the proof, and noun the kind of topology domain: "zone".
	why  [histories]string
	noun string
	// perRevision limits count the pods of each revision separately.
	perRevision bool
}

// newPlaces reads where the pods of a workload can be.
func newPlaces(t *topology, r reader) *places {
	p := &places{topology: t, workload: r.workload, pods: r.workload.Replicas, capacity: make([]int, len(t.nodes)), reason: make([]string, len(t.nodes))}
	for i, n := range t.nodes {
		if r.fit.Accepts(n) && placement.HasKeys(n, r.spreads) {
			p.capacity[i], p.reason[i] = capacity(r.fit, n)
		}
	}
	if p.workload.Kind == workload.DaemonSet {
		p.pods = 0
		for i := range p.capacity {
			p.capacity[i], p.reason[i] = min(p.capacity[i], 1), "a DaemonSet has one pod per node"
			p.pods += p.capacity[i]
		}
	}
	p.limits = r.antiAffinity(t)
	p.repelsGroup = r.repelsGroup()
	p.limits = append(p.limits, r.spread(p)...)
	return p
}

// guarantee computes the bounds of every kind of failure domain.
func (p *places) guarantee() Guarantee {
	g := Guarantee{Workload: p.workload, Pods: p.pods}
	for _, d := range p.domains {
		g.Bounds = append(g.Bounds, Bounds{Domain: d.kind})
	}
	for h := placed; h < histories; h++ {
		perNode := p.perNode(h)
		for i, d := range p.domains {
			*g.Bounds[i].at(h) = p.bound(h, perNode, d)
		}
	}
	return g
}

// perNode returns how many pods each node can hold by itself.
func (p *places) perNode(h history) []int {
	perNode := slices.Clone(p.capacity)
	for i := range perNode {
		perNode[i] = min(perNode[i], p.pods)
		for _, l := range p.limits {
			if l.of[i] != none {
				perNode[i] = min(perNode[i], l.max[h])
			}
		}
	}
	return perNode
}

// ofAllRevisions returns how many pods of all revisions together a node can hold, by the limits read so far.
func (p *places) ofAllRevisions(node int) int {
	most := p.capacity[node]
	for _, l := range p.limits {
		if l.of[node] != none && !l.perRevision {
			most = min(most, l.max[placed])
		}
	}
	return most
}

// bound finds the failure domain that can hold the most pods.
func (p *places) bound(h history, perNode []int, domains failureDomains) Bound {
	worst, nodes := Bound{Why: "no node accepts the pods"}, []int(nil)
	for _, d := range domains.all {
		if pods := p.most(h, perNode, d.nodes); pods > worst.Pods {
			worst, nodes = Bound{Pods: pods, On: d.name}, d.nodes
		}
	}
	if worst.Pods > 0 {
		worst.Why = p.why(h, perNode, nodes, worst.Pods, domains.kind.Name)
	}
	placed := p.most(h, perNode, p.indexes)
	worst.Serves = p.serves(placed, worst.Pods) || worst.Pods > 0 && p.servesWithoutZone(h, perNode, placed, domains)
	return worst
}

// most returns how many pods some nodes can hold together: the minimum over all limits.
func (p *places) most(h history, perNode, nodes []int) int {
	most := 0
	for _, i := range nodes {
		most = min(most+perNode[i], p.pods)
	}
	if len(nodes) > 1 {
		for _, l := range p.limits {
			sum, _ := l.sum(h, perNode, nodes)
			most = min(most, sum)
		}
	}
	return most
}

// sum returns how many pods some nodes can hold by one limit and by the limit of each node, and how many topology domains share
// them.
func (l limit) sum(h history, perNode, nodes []int) (pods, domains int) {
	in := make([]int, l.count)
	for _, i := range nodes {
		if l.of[i] == none {
			pods += perNode[i]
		} else {
			in[l.of[i]] += perNode[i]
		}
	}
	for _, n := range in {
		pods += min(n, l.max[h])
		if n > 0 {
			domains++
		}
	}
	return pods, domains
}

// servesWithoutZone reports whether the workload serves without any domain of one zone, because it keeps its copies in different
// zones: the pods are in as many zones wherever they are placed, and no domain has nodes of two zones.
func (p *places) servesWithoutZone(h history, perNode []int, placed int, domains failureDomains) bool {
	copies := p.workload.Replication.Zones
	zones := p.partition(cluster.ZoneLabel)
	if copies == 0 || slices.Contains(zones.of, none) {
		return false
	}
	most, lost := 0, 0
	for zone := range zones.count {
		nodes := slices.DeleteFunc(slices.Clone(p.indexes), func(i int) bool { return zones.of[i] != zone })
		most = max(most, p.most(h, perNode, nodes))
	}
	for _, d := range domains.all {
		for _, i := range d.nodes {
			if zones.of[i] != zones.of[d.nodes[0]] {
				return false
			}
		}
		lost = max(lost, p.most(h, perNode, d.nodes))
	}
	if placed <= (copies-1)*most || p.workload.Replication.Model == workload.Quorum && 2*(placed-lost) <= p.pods {
		return false
	}
	return p.serves(placed, 1)
}

// serves reports whether the workload serves without some of its placed pods. A DaemonSet needs no pod on a failed node.
func (p *places) serves(placed, lost int) bool {
	desired := p.pods
	if p.workload.Kind == workload.DaemonSet {
		desired -= lost
	}
	return placed-lost >= p.workload.Replication.Needs(desired)
}

// why returns the limit that allows no more than that many pods on some nodes, the first of equal limits.
func (p *places) why(h history, perNode, nodes []int, pods int, noun string) string {
	if pods == p.pods {
		return p.whyAll(nodes, noun)
	}
	for _, l := range p.limits {
		switch sum, domains := l.sum(h, perNode, nodes); {
		case sum > pods:
		case domains > 1:
			return fmt.Sprintf("%s, on %d %ss", l.why[h], domains, l.noun)
		default:
			return l.why[h]
		}
	}
	open := slices.DeleteFunc(slices.Clone(nodes), func(i int) bool { return perNode[i] == 0 })
	if len(open) > 1 {
		return fmt.Sprintf("%s, on %d nodes", p.reason[open[0]], len(open))
	}
	return p.reason[open[0]]
}

// whyAll explains why all pods can be on some nodes.
func (p *places) whyAll(nodes []int, noun string) string {
	elsewhere := slices.Clone(p.capacity)
	for _, i := range nodes {
		elsewhere[i] = 0
	}
	switch {
	case p.workload.Kind == workload.DaemonSet:
		return p.reason[nodes[0]]
	case p.pods == 1:
		return "the workload has one pod"
	case slices.Max(elsewhere) == 0:
		return fmt.Sprintf("no other %s accepts the pods", noun)
	}
	return "no constraint keeps them on different " + noun + "s"
}
