package report

import (
	"fmt"
	"slices"
	"strings"
)

// few is the largest number of nodes with one row each. In larger clusters, nodes with the same pods share a row.
const few = 60

// placeView is a node, or several with the same pods.
type placeView struct {
	// In are its zone and its other failure domains, as in placeHeads.
	In   []string
	Node string
	// More is the number of other nodes.
	More int
	Pods []podView
}

// podView is a pod, or several pods of one workload.
type podView struct {
	Mark Mark
	Name string
	Why  string
}

// places lists the pods on each node, then the Pending ones.
func places(r Report, marks map[string]Mark) []placeView {
	on := map[string][]Pod{}
	for _, p := range r.Pods {
		on[p.Node] = append(on[p.Node], p)
	}
	var rows []placeView
	same := map[string]int{}
	for _, n := range r.Cluster.Nodes {
		row := placeView{In: r.in(n), Node: n.Name, Pods: podViews(on[n.Name], marks)}
		if len(r.Cluster.Nodes) > few {
			key := strings.Join(row.In, "\n") + "\n" + workloadsOf(on[n.Name])
			if i, ok := same[key]; ok {
				rows[i].More++
				rows[i].Pods = summaries(on[n.Name], marks)
				continue
			}
			same[key] = len(rows)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b placeView) int { return slices.Compare(a.In, b.In) })
	if len(on[""]) > 0 {
		rows = append(rows, placeView{In: make([]string, len(r.placeHeads())), Pods: podViews(on[""], marks)})
	}
	return rows
}

// placeHeads are the kinds of failure domain that the nodes are in, as headings.
func (r Report) placeHeads() []string {
	var all []string
	if len(r.Cluster.Zones) > 0 {
		all = append(all, "Zone")
	}
	for _, d := range r.Cluster.Domains {
		all = append(all, sentence(d.Name))
	}
	return all
}

// in are the failure domains of a node, as in placeHeads.
func (r Report) in(n Node) []string {
	var all []string
	if len(r.Cluster.Zones) > 0 {
		all = append(all, n.Zone)
	}
	return append(all, n.Domains...)
}

// workloadsOf returns a key that is equal for nodes with the same number of pods of each workload.
func workloadsOf(pods []Pod) string {
	var names []string
	for _, p := range pods {
		names = append(names, p.Workload)
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

func podViews(pods []Pod, marks map[string]Mark) []podView {
	var all []podView
	for _, p := range pods {
		all = append(all, podView{Mark: marks[p.Workload], Name: p.Name, Why: p.Why})
	}
	return all
}

// summaries are the pods of a row for several nodes: a number for each workload.
func summaries(pods []Pod, marks map[string]Mark) []podView {
	var all []podView
	seen := map[string]int{}
	for _, p := range pods {
		seen[p.Workload]++
	}
	for _, p := range pods {
		if n := seen[p.Workload]; n > 0 {
			all = append(all, podView{Mark: marks[p.Workload], Name: fmt.Sprintf("%d of %s", n, p.Workload)})
			seen[p.Workload] = 0
		}
	}
	return all
}
