package report

import (
	"fmt"
	"slices"
	"strings"
)

// few is how many nodes are told apart; of more, those that hold the same are told of together.
const few = 60

// placeView is a node, or several that hold the same, and what is on it.
type placeView struct {
	Zone, Node string
	// More is how many other nodes are like it.
	More int
	Pods []podView
}

// podView is a pod, or several of one workload.
type podView struct {
	Mark Mark
	Name string
	Why  string
}

// places lists what is on each node, and last what is on none.
func places(r Report, marks map[string]Mark) []placeView {
	on := map[string][]Pod{}
	for _, p := range r.Pods {
		on[p.Node] = append(on[p.Node], p)
	}
	var rows []placeView
	same := map[string]int{}
	for _, n := range r.Cluster.Nodes {
		row := placeView{Zone: n.Zone, Node: n.Name, Pods: podViews(on[n.Name], marks)}
		if len(r.Cluster.Nodes) > few {
			key := n.Zone + "\n" + kinds(on[n.Name])
			if i, ok := same[key]; ok {
				rows[i].More++
				rows[i].Pods = alike(on[n.Name], marks)
				continue
			}
			same[key] = len(rows)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b placeView) int { return strings.Compare(a.Zone, b.Zone) })
	if len(on[""]) > 0 {
		rows = append(rows, placeView{Pods: podViews(on[""], marks)})
	}
	return rows
}

// kinds is which workloads have how many of the pods.
func kinds(pods []Pod) string {
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

// alike is what each of several nodes has: pods by the names of their workloads.
func alike(pods []Pod, marks map[string]Mark) []podView {
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
