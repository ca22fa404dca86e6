package guarantee

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// replacement answers whether a new pod of a workload always finds a node, wherever all other pods are.
//
// Proof. A required constraint keeps the pod out of a topology domain only if the domain holds pods that it counts. The proof
// counts how many domains the other pods can block at most, and needs one more. A topology spread never blocks the domain with the
// fewest pods, if it counts only domains that accept the pod. A node without required constraints is blocked only if the requests
// of the other pods fill it. Preemption only adds nodes.
type replacement struct {
	*places
	// levels are the required constraints between the pods, one for each way to group the nodes, the coarsest first.
	levels []level
	// full is the most nodes that the requests of other pods can fill, repelled the most that their constraints block.
	full, repelled int
	// volumes: a pod returns to where its volume is.
	volumes bool
	// unknown is a constraint that the proof does not cover; "" if there is none.
	unknown string
	// mend is what would prove it instead; "" for relax.
	mend string
	// held: the new pod of a rollout uses the volume of an old one, which is attached to one node at a time.
	held bool
}

// level is the constraints with the same topology domains.
type level struct {
	partition
	noun  string
	rules []rule
}

// rule is a required constraint between the pods of a workload.
type rule struct {
	// spread: it never blocks the domain with the fewest pods.
	spread bool
	// block is how many counted pods block a domain.
	block, minDomains int
	// others is the most counted pods of other workloads.
	others      int
	perRevision bool
	// own: it counts the workload's own pods.
	own bool
	// honor: nodes that are cordoned or failed do not count.
	honor bool
	// counted are the counted nodes of a spread, and domain is the topology domain of each node by its own key: nodes that do not
	// accept the pods may be in others than those of the level.
	counted []bool
	domain  partition
	why     string
}

// crowd is the most other pods of a workload while a new one needs a node, of all revisions and of the new one's.
type crowd struct{ all, revision int }

func (r rule) pods(c crowd) int {
	switch {
	case !r.own:
		return r.others
	case r.perRevision:
		return c.revision + r.others
	}
	return c.all + r.others
}

// newReplacement reads what can block a new pod of the i-th workload.
func newReplacement(p *places, r reader, i int) *replacement {
	x := &replacement{places: p}
	x.readVolumes(r, i)
	for _, c := range placement.Constraints(r.all.pods[i], r.all.namespaces) {
		if c.Required && c.Kind == placement.Affinity {
			x.unknown = "required pod affinity depends on where other pods are"
		}
	}
	for _, c := range r.spreads {
		rule := rule{spread: true, block: int(c.Spread.MaxSkew), minDomains: 1, others: r.others(c, len(p.nodes)), perRevision: r.perRevision(c), own: c.SelectsOwn(),
			counted: make([]bool, len(p.nodes)), domain: p.partition(c.TopologyKey), why: fmt.Sprintf("topology spread on %s", c.TopologyKey)}
		if !rule.own {
			if rule.block++; c.Selects(r.all.pods[i]) {
				x.unknown = rule.why + " counts some of the pods only"
			}
		}
		if c.Spread.MinDomains != nil {
			rule.minDomains = int(*c.Spread.MinDomains)
		}
		rule.honor = c.Spread.NodeTaintsPolicy != nil && *c.Spread.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor
		for n, node := range p.nodes {
			rule.counted[n] = placement.HasKeys(node, r.spreads) && c.CountsNode(r.fit, node, placement.KeepsOff)
		}
		x.add(p.partition(c.TopologyKey), placement.DomainNoun(c.TopologyKey), rule)
	}
	for _, c := range r.antiAffinities {
		if c.SelectsOwn() {
			x.add(p.partition(c.TopologyKey), placement.DomainNoun(c.TopologyKey), rule{block: 1, perRevision: r.perRevision(c), own: true, why: "required anti-affinity on " + c.TopologyKey})
		} else if c.Selects(r.all.pods[i]) {
			x.unknown = "required anti-affinity on " + c.TopologyKey + " selects some of the pods only"
		}
	}
	if len(r.fit.Ports) > 0 {
		each := partition{of: p.indexes, count: len(p.nodes)}
		x.add(each, "node", rule{block: 1, own: true, why: fmt.Sprintf("host port %d", r.fit.Ports[0].HostPort)})
	}
	x.repel(r, i)
	x.full = r.all.demand.fills(p, r, i)
	slices.SortStableFunc(x.levels, func(a, b level) int { return cmp.Compare(x.domains(a.partition), x.domains(b.partition)) })
	x.checkLevels()
	return x
}

// readVolumes reads which volumes keep pods in a zone or on a node.
func (x *replacement) readVolumes(r reader, i int) {
	next := map[string]bool{}
	for _, m := range r.all.storage.Mounts(r.workload.Pod(1, 1), r.workload.Claims) {
		next[m.Key] = true
	}
	for _, m := range r.all.storage.Mounts(r.all.pods[i], r.workload.Claims) {
		switch shared := next[m.Key]; {
		case shared && m.Single && x.pods > 1:
			x.unknown = "its pods share a volume that is usable on one node at a time"
			x.mend = "use a volume with ReadWriteMany, or a StatefulSet with volumeClaimTemplates"
		case m.Limits(x.accepting()):
			x.unknown = fmt.Sprintf("StorageClass %s allows volumes on some nodes only (allowedTopologies)", m.Class.Name)
			x.mend = "allow every topology in which the pods may run"
		case m.IsDirectory():
			x.unknown = fmt.Sprintf("PersistentVolume %s is another directory on each node", m.Volume.Name)
			x.mend = "use a network volume, or give the PersistentVolume a node affinity"
		case m.IsRemote() || m.Temporary && m.Delayed:
		case !m.Delayed && m.Volume == nil && len(x.topology.domains) > 1:
			x.unknown = "its volumes are created in any zone before the pods are placed"
			x.mend = "use a StorageClass with volumeBindingMode: WaitForFirstConsumer"
		default:
			x.volumes = true
			x.held = x.held || shared && m.Single && r.workload.Rollout.MaxSurge > 0
		}
	}
}

// accepting yields the nodes that accept the pods.
func (x *replacement) accepting() iter.Seq[*corev1.Node] {
	return func(yield func(*corev1.Node) bool) {
		for i, n := range x.capacity {
			if n > 0 && !yield(x.nodes[i]) {
				return
			}
		}
	}
}

// add adds a rule to the level with the same topology domains.
func (x *replacement) add(p partition, noun string, r rule) {
	for i := range x.levels {
		if l := &x.levels[i]; x.refines(p, l.partition) && x.refines(l.partition, p) {
			l.rules = append(l.rules, r)
			return
		}
	}
	x.levels = append(x.levels, level{partition: p, noun: noun, rules: []rule{r}})
}

// domains counts the topology domains with a node that accepts the pods.
func (x *replacement) domains(p partition) int { return len(x.sizes(p, nil)) }

// sizes returns the number of nodes that accept the pods in each topology domain, without some nodes.
func (x *replacement) sizes(p partition, gone map[int]bool) map[int]int {
	in := map[int]int{}
	for i, n := range x.capacity {
		if n > 0 && !gone[i] && p.of[i] != none {
			in[p.of[i]]++
		}
	}
	return in
}

// refines reports whether each topology domain of a is within one of b, on nodes that accept the pods.
func (x *replacement) refines(a, b partition) bool {
	in := map[int]int{}
	for i, n := range x.capacity {
		if n == 0 {
			continue
		}
		if a.of[i] == none || b.of[i] == none {
			return false
		}
		if of, ok := in[a.of[i]]; ok && of != b.of[i] {
			return false
		}
		in[a.of[i]] = b.of[i]
	}
	return true
}

// checkLevels allows one level of single nodes below one other level.
func (x *replacement) checkLevels() {
	const most = 2
	if len(x.levels) > most || len(x.levels) == most && (!x.refines(x.levels[1].partition, x.levels[0].partition) || !x.single(x.levels[1].partition)) {
		x.unknown = "its constraints group the nodes in several ways"
	}
}

// single reports whether each topology domain is one node.
func (x *replacement) single(p partition) bool {
	for _, n := range x.sizes(p, nil) {
		if n > 1 {
			return false
		}
	}
	return true
}

// repel reads how many nodes the constraints and host ports of other workloads can block.
func (x *replacement) repel(r reader, i int) {
	pod := r.all.pods[i]
	single := map[string]bool{}
	block := func(other int, key string) {
		if _, ok := single[key]; !ok {
			single[key] = x.single(x.partition(key))
		}
		switch {
		case r.all.workloads[other].Kind == workload.DaemonSet || !single[key]:
			x.unknown = fmt.Sprintf("anti-affinity on %s between it and %s", key, r.all.workloads[other])
		default:
			x.repelled += mostPods(r.all.workloads[other], len(x.nodes))
		}
	}
	for _, by := range r.all.repelling.Candidates(pod.Namespace, pod.Labels) {
		if by.workload != i && by.constraint.Selects(pod) {
			block(by.workload, by.constraint.TopologyKey)
		}
	}
	for _, c := range r.antiAffinities {
		for _, other := range r.all.selected(c) {
			if other != i {
				block(other, c.TopologyKey)
			}
		}
	}
	for _, other := range r.all.withPorts {
		if other != i && sharePort(r.fit.Ports, r.all.fits[other].Ports) {
			if r.all.workloads[other].Kind == workload.DaemonSet {
				x.unknown = fmt.Sprintf("%s uses the same host port", r.all.workloads[other])
				return
			}
			x.repelled += mostPods(r.all.workloads[other], len(x.nodes))
		}
	}
}

func sharePort(a, b []placement.HostPort) bool {
	return slices.ContainsFunc(a, func(p placement.HostPort) bool {
		return slices.ContainsFunc(b, func(o placement.HostPort) bool { return p.HostPort == o.HostPort })
	})
}

// What would prove that a new pod finds a node.
const (
	lessRequests = "request less or add nodes, so that the pods of all workloads cannot fill the nodes that accept it"
	relax        = "make the constraint a preference, or add nodes"
)

// always reports whether a new pod finds a node without some nodes, which are cordoned or have failed. Otherwise it returns why not,
// and what would prove it.
func (x *replacement) always(c crowd, gone map[int]bool) (ok bool, why, fix string) {
	nodes := 0
	for i, n := range x.capacity {
		if n > 0 && !gone[i] {
			nodes++
		}
	}
	blocked := x.full + x.repelled
	switch {
	case x.unknown != "":
		return false, x.unknown, cmp.Or(x.mend, relax)
	case nodes <= blocked && x.full > 0:
		return false, "the requests of all pods may fill the nodes that accept it", lessRequests
	case nodes <= blocked:
		return false, "other pods may block the nodes that accept it", relax
	case x.volumes && len(gone) > 0:
		return false, "its volumes may keep the pods on the nodes that are gone", relax
	case x.volumes:
		return x.returns()
	case len(x.levels) == 0 || x.found(c, gone, blocked):
		return true, "", ""
	}
	return false, x.why(), relax
}

// found reports whether the constraints leave a node for a new pod.
func (x *replacement) found(c crowd, gone map[int]bool, blocked int) bool {
	top, crowded := x.levels[0], 0
	free := x.sizes(top.partition, gone)
	for _, n := range free {
		if n <= blocked {
			crowded++
		}
	}
	crowded = min(crowded, blocked)
	if most, ok := x.fewest(top, c, gone, free, crowded); ok && x.below(c, free, blocked, most) {
		return true
	}
	most, ok := x.unblocked(top, c, len(free)-crowded)
	return ok && x.below(c, free, blocked, most)
}

// fewest reports whether the domain with the fewest pods accepts the pod, and how many counted pods it has at most. All rules of
// the level must count the same pods.
func (x *replacement) fewest(l level, c crowd, gone map[int]bool, free map[int]int, crowded int) (most int, ok bool) {
	first, fewest := l.rules[0], len(free)
	for _, r := range l.rules {
		if !r.spread || r.perRevision != first.perRevision || r.own != first.own || r.others != first.others || len(l.rules) > 1 && r.others > 0 {
			return 0, false
		}
		domains := map[int]bool{}
		for i, counted := range r.counted {
			if counted && !(r.honor && gone[i]) {
				domains[r.domain.of[i]] = true
			}
		}
		accepting := x.sizes(r.domain, gone)
		for d := range domains {
			if accepting[d] == 0 {
				return 0, false
			}
		}
		if len(domains) < r.minDomains || len(domains) == 0 {
			return 0, false
		}
		fewest = min(fewest, len(domains))
	}
	return first.pods(c) / fewest, crowded == 0
}

// unblocked reports whether the pods cannot block all of some domains, and how many counted pods one of the others has at most.
func (x *replacement) unblocked(l level, c crowd, domains int) (most int, ok bool) {
	for _, r := range l.rules {
		most = max(most, r.block-1)
	}
	return most, domains > l.blocked(func(r rule) int { return r.pods(c) })
}

// blocked returns the most domains that the counted pods of its rules can block. Of rules that count the same pods, the one that
// blocks most domains blocks those of the others as well.
func (l level) blocked(pods func(rule) int) int {
	type scope struct{ own, perRevision bool }
	sum, same := 0, map[scope]int{}
	for _, r := range l.rules {
		s, n := scope{r.own, r.perRevision}, pods(r)/r.block
		if r.others > 0 {
			sum += n
			continue
		}
		if n > same[s] {
			sum += n - same[s]
			same[s] = n
		}
	}
	return sum
}

// below reports whether a domain of the top level with that many counted pods has a node that accepts the pod.
func (x *replacement) below(c crowd, free map[int]int, blocked, most int) bool {
	if len(x.levels) == 1 {
		return true
	}
	own := slices.ContainsFunc(x.levels[0].rules, func(r rule) bool { return r.own })
	all := slices.ContainsFunc(x.levels[0].rules, func(r rule) bool { return r.own && !r.perRevision })
	for _, nodes := range free {
		left := max(nodes-blocked, 1) // some node is left, or the other pods block the whole domain and it is not chosen
		if left <= x.levels[1].blocked(func(r rule) int {
			if all || r.perRevision && own {
				return min(r.pods(c), most+r.others)
			}
			return r.pods(c)
		}) {
			return false
		}
	}
	return true
}

// returns reports whether a pod always finds a node where its volume is: in the zone, or on the node, of its predecessor. The other
// pods are still where they were when it was placed there, so that the constraints between them hold. In the same zone, pods without
// volumes on their nodes may have moved.
func (x *replacement) returns() (ok bool, why, fix string) {
	if x.full+x.repelled > 0 {
		return false, "other pods may fill the node that has its volume", lessRequests
	}
	for _, l := range x.levels {
		if slices.ContainsFunc(l.rules, func(r rule) bool { return r.others > 0 || !r.own }) {
			return false, l.rules[0].why + " counts other pods as well", relax
		}
	}
	if len(x.levels) == 0 {
		return true, "", ""
	}
	last := x.levels[len(x.levels)-1]
	if !x.single(last.partition) {
		return true, "", ""
	}
	perNode := x.perNode(afterFailures)
	for _, d := range x.zones() {
		var nodes []int
		for _, i := range d.nodes {
			if x.capacity[i] > 0 {
				nodes = append(nodes, i)
			}
		}
		if len(nodes) < 2 { // the pods of a single node have never moved
			continue
		}
		others := max(x.most(afterFailures, perNode, nodes)-1, 0)
		if len(nodes) <= last.blocked(func(rule) int { return others }) {
			return false, x.why(), relax
		}
	}
	return true, "", ""
}

// zones are the groups of nodes that share volumes.
func (x *replacement) zones() []failureDomain {
	var all []failureDomain
	for _, d := range x.topology.domains[1:] {
		if d.kind.Name == "zone" {
			all = d.all
		}
	}
	if all == nil {
		all = []failureDomain{{nodes: x.indexes}}
	}
	return all
}

// why names the constraint that may leave no node.
func (x *replacement) why() string {
	l := x.levels[len(x.levels)-1]
	return l.rules[0].why + " may leave no " + l.noun + " for a new pod"
}
