package guarantee

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/internal/labelindex"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// unlimited is more than any number of pods.
const unlimited = math.MaxInt32

// pods are the workloads of a system with one pod each.
type pods struct {
	workloads  []*workload.Workload
	pods       []*corev1.Pod
	namespaces placement.Namespaces
	storage    *storage.Storage
	fits       []placement.Fit
	// withPorts are the workloads with host ports.
	withPorts []int
	demand    demand
	// byLabels are the workloads by the labels of their pods, repelling their required anti-affinity, and selecting the budgets by
	// the labels that they select. A trial has the same labels.
	byLabels  labelindex.Labels[int]
	repelling labelindex.Selectors[repelling]
	selecting labelindex.Selectors[*workload.Budget]
}

// repelling is required anti-affinity of a workload.
type repelling struct {
	workload   int
	constraint placement.Constraint
}

func newPods(s *workload.System, c cluster.Cluster) *pods {
	all := &pods{workloads: slices.Clone(s.Workloads), namespaces: placement.NewNamespaces(s.Namespaces), storage: s.Storage}
	if !c.Described {
		all.storage = s.Storage.WithoutNodes(c.Nodes)
	}
	for i, w := range s.Workloads {
		pod := w.Pod(0, 1)
		all.pods, all.fits = append(all.pods, pod), append(all.fits, placement.NewFit(pod))
		if len(all.fits[i].Ports) > 0 {
			all.withPorts = append(all.withPorts, i)
		}
		all.byLabels.Add(pod.Namespace, pod.Labels, i)
		for _, c := range placement.Constraints(pod, all.namespaces) {
			if !c.Required || c.Kind != placement.AntiAffinity {
				continue
			}
			if selector, namespace, ok := c.Selector(); ok {
				all.repelling.Add(namespace, selector, repelling{i, c})
			} else {
				all.repelling.AddEverywhere(repelling{i, c})
			}
		}
	}
	for _, b := range s.Budgets {
		all.selecting.Add(b.Object.Namespace, b.PodSelector, b)
	}
	all.demand = newDemand(all, len(c.Nodes))
	return all
}

// selected returns the workloads whose pods a constraint selects, in order.
func (all *pods) selected(c placement.Constraint) []int {
	candidates := all.byLabels.All()
	if selector, namespace, ok := c.Selector(); ok {
		candidates = all.byLabels.Candidates(namespace, selector)
	}
	var selected []int
	for _, i := range candidates {
		if c.Selects(all.pods[i]) {
			selected = append(selected, i)
		}
	}
	return selected
}

// reader reads the limits of a workload from its pods.
type reader struct {
	all      *pods
	workload *workload.Workload
	fit      placement.Fit
	// nextRevision is a pod of another revision.
	nextRevision *corev1.Pod
	// spreads and antiAffinities are the required constraints of these kinds.
	spreads, antiAffinities []placement.Constraint
}

func newReader(all *pods, i int) reader {
	r := reader{all: all, workload: all.workloads[i], fit: all.fits[i], nextRevision: all.workloads[i].Pod(0, 2)}
	for _, c := range placement.Constraints(all.pods[i], all.namespaces) {
		switch {
		case !c.Required:
		case c.Kind == placement.Spread:
			r.spreads = append(r.spreads, c)
		case c.Kind == placement.AntiAffinity:
			r.antiAffinities = append(r.antiAffinities, c)
		}
	}
	return r
}

// capacity returns how many pods a node can hold, and the reason, for people.
func capacity(f placement.Fit, n *corev1.Node) (int, string) {
	pods, limit := f.Capacity(n)
	if limit == placement.HostPortLimit {
		return pods, fmt.Sprintf("host port %d: one per node", f.Ports[0].HostPort)
	}
	return pods, fmt.Sprintf("capacity for %d per node by %s", pods, limit)
}

// repelsGroup returns the topology keys of required anti-affinity against the pods of all members of the workload's group, of all
// revisions.
func (r reader) repelsGroup() map[string]bool {
	keys := map[string]bool{}
	if r.workload.Group == nil {
		return keys
	}
	for _, c := range r.antiAffinities {
		keys[c.TopologyKey] = keys[c.TopologyKey] || !r.perRevision(c) && !slices.ContainsFunc(r.workload.Group.Workloads, func(w *workload.Workload) bool {
			member := slices.IndexFunc(r.all.workloads, func(o *workload.Workload) bool { return o.Object == w.Object }) // a trial may have replaced it
			return !c.Selects(r.all.pods[member])
		})
	}
	return keys
}

// keepsRevisions reports whether the steady state may contain pods of several revisions.
func (r reader) keepsRevisions() bool {
	return r.workload.Rollout.Type == workload.Paused || r.workload.Kind == workload.StatefulSet && (r.workload.Rollout.Type == "OnDelete" || r.workload.Rollout.Partition > 0)
}

// perRevision reports whether a constraint that selects the workload's pods selects those of one revision only.
func (r reader) perRevision(c placement.Constraint) bool { return !c.Selects(r.nextRevision) }

// antiAffinity reads the limits by required anti-affinity between the pods. It repels in both directions, so a topology domain
// has one pod, whatever the history; one of each revision if the term selects by revision.
func (r reader) antiAffinity(t *topology) []limit {
	var limits []limit
	for _, c := range r.antiAffinities {
		if !c.SelectsOwn() {
			continue
		}
		l := limit{partition: t.partition(c.TopologyKey), perRevision: r.perRevision(c), noun: placement.DomainNoun(c.TopologyKey), max: [histories]int{1, 1, 1}}
		for h := range l.why {
			l.why[h] = fmt.Sprintf("required anti-affinity on %s: one per %s", c.TopologyKey, l.noun)
			if history(h) != placed && l.perRevision && r.keepsRevisions() {
				l.max[h] = unlimited
			}
		}
		limits = append(limits, l)
	}
	return limits
}

// spread reads the limits by topology spread, given the other limits.
func (r reader) spread(p *places) []limit {
	var limits []limit
	for _, c := range r.spreads {
		if !c.SelectsOwn() {
			continue
		}
		l := limit{partition: p.partition(c.TopologyKey), perRevision: r.perRevision(c), noun: placement.DomainNoun(c.TopologyKey)}
		others := r.others(c, len(p.nodes))
		counted, capacities := make([]bool, len(p.nodes)), map[int]int{}
		for i, n := range p.nodes {
			switch counted[i] = placement.HasKeys(n, r.spreads) && c.CountsNode(r.fit, n, placement.KeepsOff); {
			case !counted[i]:
			case others > 0:
				capacities[l.of[i]] = unlimited // the limits of this workload do not apply to other pods
			default:
				capacities[l.of[i]] += p.ofAllRevisions(i)
			}
		}
		now := newSpread(*c.Spread, p.pods+others, capacities)
		ever := now
		ever.pods += max(r.workload.Max-r.workload.Replicas, 0)
		if !l.perRevision {
			ever.pods = others + mostPods(r.workload, len(p.nodes))
		}
		drained := 0
		if policy := c.Spread.NodeTaintsPolicy; policy != nil && *policy == corev1.NodeInclusionPolicyHonor {
			drained = p.lostAtOnce(l.partition, counted, p.nodeFailures())
		}
		failed := p.lostAtOnce(l.partition, counted, p.failures())
		for h, s := range [histories]spread{now, ever, ever} {
			l.max[h] = s.most([histories]int{0, drained, drained + failed}[h])
			l.why[h] = fmt.Sprintf("topology spread on %s, maxSkew %d: %d per %s", c.TopologyKey, c.Spread.MaxSkew, l.max[h], l.noun)
			if history(h) != placed && l.perRevision && r.keepsRevisions() {
				l.max[h] = unlimited
			}
		}
		limits = append(limits, l)
	}
	return limits
}

// others returns the most pods of other workloads that a constraint selects.
func (r reader) others(c placement.Constraint, nodes int) int {
	count := 0
	for _, i := range r.all.selected(c) {
		if w := r.all.workloads[i]; w != r.workload {
			count += mostPods(w, nodes)
		}
	}
	return count
}

// mostPods returns the most pods that a workload has, at any scale and during a rollout. The surge may be a percentage, so it grows
// with the scale.
func mostPods(w *workload.Workload, nodes int) int {
	switch {
	case w.Kind == workload.DaemonSet:
		return nodes + w.Rollout.MaxSurge
	case w.Max > w.Replicas && w.Replicas > 0:
		return w.Max + (w.Rollout.MaxSurge*w.Max+w.Replicas-1)/w.Replicas
	}
	return max(w.Replicas, w.Max) + w.Rollout.MaxSurge
}
