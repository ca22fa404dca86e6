package facts

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Limit is the most pods of a workload that the nodes can hold by one constraint.
type Limit struct {
	Pods int
	// Why describes the limit, and In is the field that sets it.
	Why string
	In  Place
	// AllRevisions is set if the pods of all revisions of a Deployment count together.
	AllRevisions bool
	// TaintedDomains are topology domains that count although taints keep the pods off them. They set the limit if there are any.
	TaintedDomains []string

	key string // of the topology domains
}

// Limits returns the limits by host ports, required anti-affinity and required topology spread. If only the numbers of domains are
// given, these are the limits over such domains for pods that accept any node: nodes that do not accept them make a limit smaller.
func (n *Nodes) Limits(w *workload.Workload) []Limit { return n.limits(w) }

func (n *Nodes) findLimits(w *workload.Workload) []Limit {
	nodes := n.Eligible(w)
	var all []Limit
	if spec := &w.Template.Spec; !n.Described && (len(spec.NodeSelector) > 0 || len(placement.RequiredNodeTerms(spec)) > 0) {
		return nil
	}
	if ports := n.system.HostPorts(w); len(ports) > 0 && len(nodes) > 0 {
		all = append(all, Limit{Pods: len(nodes), AllRevisions: true, key: corev1.LabelHostname, In: InTemplate(w, ports[0].Path...),
			Why: fmt.Sprintf("host port %d allows 1 per node, and %s eligible", ports[0].HostPort, are(len(nodes), "node"))})
	}
	for _, c := range n.system.Constraints(w) {
		if !c.Required || !c.SelectsOwn() {
			continue
		}
		limit, ok := Limit{}, false
		if c.Kind == placement.Spread {
			limit, ok = n.spreadLimit(c, nodes)
		} else {
			limit, ok = antiAffinityLimit(c, nodes)
		}
		if ok {
			limit.In, limit.key = c.In("topologyKey"), c.TopologyKey
			limit.AllRevisions = !slices.Contains(c.MatchLabelKeys, appsv1.DefaultDeploymentUniqueLabelKey)
			all = append(all, limit)
		}
	}
	return slices.DeleteFunc(all, func(l Limit) bool { return !n.Counts(l.key) })
}

// antiAffinityLimit returns one pod per topology domain. It is not a limit if some nodes have no topology key: they are in no
// domain and hold any number of pods.
func antiAffinityLimit(c Constraint, nodes []*corev1.Node) (Limit, bool) {
	values, all := LabelValues(nodes, c.TopologyKey)
	noun := placement.DomainNoun(c.TopologyKey)
	return Limit{Pods: len(values), Why: fmt.Sprintf("%s allows 1 per %s, and %s eligible", c, noun, are(len(values), noun))}, all && len(values) > 0
}

// spreadLimit returns maxSkew pods per topology domain if one domain stays empty: because it counts although taints keep the pods
// off, or because the scheduler assumes an empty one if there are fewer domains than minDomains. Nodes count as in the plugin
// PodTopologySpread. There is no limit if the constraint also selects pods of other workloads.
func (n *Nodes) spreadLimit(c Constraint, nodes []*corev1.Node) (Limit, bool) {
	if len(n.system.SelectedWorkloads(c)) > 0 {
		return Limit{}, false
	}
	fit := n.system.fit(c.Workload)
	usable, _ := LabelValues(n.withKeys(c.Workload, nodes), c.TopologyKey)
	counted, _ := LabelValues(n.withKeys(c.Workload, slices.DeleteFunc(slices.Clone(n.Nodes), func(node *corev1.Node) bool {
		return !c.CountsNode(fit, node, placement.KeepsOffAlways)
	})), c.TopologyKey)
	l := Limit{Pods: len(usable) * int(c.Spread.MaxSkew)}
	l.TaintedDomains = slices.DeleteFunc(counted, func(value string) bool { return slices.Contains(usable, value) })
	noun := placement.DomainNoun(c.TopologyKey)
	switch minDomains := c.Spread.MinDomains; {
	case len(usable) == 0:
		return Limit{}, false
	case len(l.TaintedDomains) > 0:
		l.Why = fmt.Sprintf("%s also counts %s %s, where taints keep the pods off, and so allows %d per %s on %s",
			c, noun, strings.Join(l.TaintedDomains, ", "), c.Spread.MaxSkew, noun, Count(len(usable), "other "+noun))
		return l, true
	case minDomains != nil && len(usable) < int(*minDomains):
		l.Why = fmt.Sprintf("%s has minDomains %d, but %s eligible, and so it allows %d per %s", c, *minDomains, are(len(usable), noun), c.Spread.MaxSkew, noun)
		return l, true
	}
	return Limit{}, false
}

// withKeys returns the nodes with the topology keys of all required spread constraints of a workload.
func (n *Nodes) withKeys(w *workload.Workload, nodes []*corev1.Node) []*corev1.Node {
	var constraints []placement.Constraint
	for _, c := range n.system.Constraints(w) {
		constraints = append(constraints, c.Constraint)
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(node *corev1.Node) bool { return !placement.HasKeys(node, constraints) })
}

// are returns a number with a noun and the verb: "1 node is", "2 nodes are".
func are(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return Count(n, noun) + " are"
}

// DomainsWithDrainedNode returns the number of domains of a topology spread constraint that have eligible nodes, if one of them has a
// single node that still counts while it is drained. ok is false if there is no such node, if the numbers of nodes and domains are
// assumed, if the constraint has minDomains, or if it also selects pods of other workloads.
func (n *Nodes) DomainsWithDrainedNode(c Constraint) (domains int, ok bool) {
	if c.Spread.MinDomains != nil || len(n.system.SelectedWorkloads(c)) > 0 || !n.Counts(c.TopologyKey) || !n.Counts(cluster.HostLabel) {
		return 0, false
	}
	nodes := n.withKeys(c.Workload, n.Eligible(c.Workload))
	count := map[string]int{}
	for _, node := range nodes {
		count[node.Labels[c.TopologyKey]]++
	}
	for _, node := range nodes {
		if count[node.Labels[c.TopologyKey]] != 1 {
			continue
		}
		cordoned := node.DeepCopy()
		cordoned.Spec.Taints = append(cordoned.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
		ok = ok || c.CountsNode(n.system.fit(c.Workload), cordoned, placement.KeepsOff)
	}
	return len(count), ok
}
