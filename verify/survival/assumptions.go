package survival

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Assumptions returns what the simulation of a system assumes about its cluster, in sentences.
func Assumptions(c cluster.Cluster, s *workload.System) []string {
	var list []string
	if c.Detection == 0 {
		list = append(list, fmt.Sprintf("The control plane detects a node failure after %s, its default.", sim.Detection(c.Version)))
	}
	list = append(list, fmt.Sprintf("Images are on the nodes, containers run after %s, probes succeed as soon as they can, and pods take their whole grace period to terminate.", sim.ContainerStart))
	some := func(matches func(*workload.Workload) bool) bool { return slices.ContainsFunc(s.Workloads, matches) }
	for _, w := range s.Workloads {
		if l, ok := w.Lease(); !ok && w.Replication.Model == workload.Standby {
			list = append(list, fmt.Sprintf("A standby without lease flags takes over within %s: it retries every %s or later until a lease of %s has expired.", failoverTime(l), l.RetryPeriod, l.Duration))
			break
		}
	}
	if some(func(w *workload.Workload) bool { return w.Replication.Model == workload.Elected }) {
		list = append(list, fmt.Sprintf("An election by majority takes %s.", electionTime))
	}
	return slices.Concat(list, ofVolumes(c, s), unmodelled(s))
}

// ofVolumes returns what is assumed of the volumes of a system.
func ofVolumes(c cluster.Cluster, s *workload.System) (list []string) {
	volumes := sim.Storage(c, s)
	var limited []string
	add := func(text string) {
		if text != "" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	for _, w := range s.Workloads {
		for _, m := range volumes.Mounts(w.Pod(0, 1), w.Claims) {
			text := m.Assumed
			if m.Scope == storage.Zone && len(c.Zones()) == 0 {
				text = "" // the nodes are in no zone
			}
			if text == "" && m.IsRemote() {
				text = "Volumes that are usable on every node are available in every failure: their storage is not simulated."
			}
			add(text)
			add(m.Refused)
			if class := m.Class; class != nil && volumes.LimitsCapacity(class) && !slices.Contains(limited, "StorageClass "+class.Name) {
				limited = append(limited, "StorageClass "+class.Name)
			}
		}
	}
	list = appendNamed(list, limited, "the capacity of its storage is not simulated, and each new volume is assumed to find room")
	return append(list, ofVolumeLimits(volumes, s)...)
}

// ofVolumeLimits returns the limits of volumes per node that the volumes of a system might exceed.
func ofVolumeLimits(volumes *storage.Storage, s *workload.System) (list []string) {
	count := map[string]int{}
	for _, w := range s.Workloads {
		next := volumes.Mounts(w.Pod(1, 1), w.Claims)
		for i, m := range volumes.Mounts(w.Pod(0, 1), w.Claims) {
			switch driver := m.Driver(); {
			case driver == "":
			case m.Key == next[i].Key:
				count[driver]++ // one volume for all pods
			default:
				count[driver] += w.Replicas
			}
		}
	}
	for _, driver := range slices.Sorted(maps.Keys(count)) {
		if most, ok := volumes.MostVolumes(driver); ok && count[driver] > most {
			list = append(list, fmt.Sprintf("The limit of volumes per node is not simulated: some node attaches at most %d volumes of %s, and the pods have %d.", most, driver, count[driver]))
		}
	}
	return list
}
