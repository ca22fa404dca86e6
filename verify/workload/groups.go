package workload

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Group are workloads whose pods replicate together. They are judged as one.
type Group struct {
	// Workloads are the members in the order of the system.
	Workloads []*Workload
	// External is the number of members that are not in the manifests. They are assumed to be ready.
	External int
	// Zones is set if pods may be missing in one workload only: each is a zone of the software.
	Zones bool
	// Replication is that of all pods together.
	Replication Replication
}

// Pods returns the number of pods, those of external members included. pods returns it for a workload.
func (g *Group) Pods(pods func(*Workload) int) int {
	n := g.External
	for _, w := range g.Workloads {
		n += pods(w)
	}
	return n
}

// Needs returns how many of n pods must be ready.
func (g *Group) Needs(n int) int {
	if !g.Zones {
		return g.Replication.Needs(n)
	}
	most := 0
	for _, w := range g.Workloads {
		most = max(most, w.Replicas)
	}
	return max(n-most, 0)
}

// Ready returns how many pods count as ready, if each workload has as many ready as given. Without a pod that has data none does.
// Of zones of the software, only those without a missing pod count.
func (g *Group) Ready(ready func(*Workload) int) int {
	n, data := g.External, g.External > 0
	for _, w := range g.Workloads {
		have := ready(w)
		if g.Zones && have < w.Replicas {
			have = 0
		}
		n += have
		data = data || have > 0 && !w.noData()
	}
	if !data {
		return 0
	}
	return n
}

// ambiguous reports whether the members may be several clusters with the same value: more than one has data, and no label shows
// that they are of one release.
func (g *Group) ambiguous() bool {
	first := g.Workloads[0]
	if first.operatorGroup != "" || g.Zones || first.release() != "" || first.Software.Entry.Group.Unique || first.Software.Entry.Group.Peers {
		return false
	}
	data := 0
	for _, w := range g.Workloads {
		if !w.noData() {
			data++
		}
	}
	return data > 1
}

// release returns the release of a workload by its well-known label, "" without one.
func (w *Workload) release() string { return w.Template.Labels["app.kubernetes.io/instance"] }

// noData reports whether the pods of a workload vote and keep no data.
func (w *Workload) noData() bool { return w.Software != nil && w.Software.NoData }

// String names the members.
func (g *Group) String() string {
	names := make([]string, len(g.Workloads))
	for i, w := range g.Workloads {
		names[i] = w.String()
	}
	text := strings.Join(names, ", ")
	if g.External > 0 {
		text += fmt.Sprintf(" and %d more", g.External)
	}
	return text
}

// zoneSuffix is the end of the names of workloads that are zones of the software.
var zoneSuffix = regexp.MustCompile(`-zone-[a-z0-9]+$`)

// setGroups finds the groups. Workloads whose replication the user has set are in none.
func (s *System) setGroups(byUser map[string]string) {
	groups := map[string]*Group{}
	var order []string
	for _, w := range s.Workloads {
		id, zones := w.groupID()
		if id == "" || w.stated(byUser) || w.Replicas == 0 {
			continue
		}
		if groups[id] == nil {
			groups[id] = &Group{Zones: zones}
			order = append(order, id)
		}
		groups[id].Workloads = append(groups[id].Workloads, w)
	}
	for _, id := range order {
		g := groups[id]
		if first := g.Workloads[0]; first.operatorGroup == "" && !g.Zones {
			g.External = max(0, first.Software.Members-g.Pods(func(w *Workload) int { return w.Replicas }))
		}
		if known := g.Workloads[0].Software != nil || g.Workloads[0].known.Model != ""; known && !g.ambiguous() && (len(g.Workloads) > 1 || g.External > 0) {
			s.setGroup(g)
		}
	}
}

// setGroup gives the members of a group their replication: that of the first member with data.
func (s *System) setGroup(g *Group) {
	i := max(0, slices.IndexFunc(g.Workloads, func(w *Workload) bool { return !w.noData() }))
	first := g.Workloads[i]
	g.Replication = first.known
	if g.Replication.Model == "" {
		g.Replication = first.ofSoftware(g.Pods(func(w *Workload) int { return w.Replicas }))
	}
	if g.Zones {
		g.Replication.Why += "; pods may be missing in one zone of the software"
	}
	why := g.Replication.Why
	g.Replication.Why = fmt.Sprintf("%s; one cluster of %s", why, g)
	for _, w := range g.Workloads {
		w.Group, w.Replication = g, g.Replication
	}
	if g.External > 0 {
		s.assume(first.Object, fmt.Sprintf("%d of the %d members of its cluster are not in the manifests: they are assumed to be ready", g.External, g.Pods(func(w *Workload) int { return w.Replicas })))
	}
}

// groupID returns what the workloads of a group have in common, "" if a workload replicates by itself.
func (w *Workload) groupID() (id string, zones bool) {
	switch f := w.Software; {
	case w.operatorGroup != "":
		return "operator\x00" + w.Namespace + "\x00" + w.operatorGroup, false
	case f == nil || f.Entry.Group == nil || w.known.Model != "":
		return "", false
	case f.Entry.Group.Zones:
		if !zoneSuffix.MatchString(w.Name) {
			return "", false
		}
		return strings.Join([]string{f.Entry.String(), w.Namespace, zoneSuffix.ReplaceAllString(w.Name, "")}, "\x00"), true
	case f.Group == "":
		return "", false
	case f.Entry.Group.Unique || f.Entry.Group.Peers:
		return strings.Join([]string{f.System, w.Namespace, f.Group}, "\x00"), false
	default:
		return strings.Join([]string{f.System, w.Namespace, f.Group, w.release()}, "\x00"), false
	}
}
