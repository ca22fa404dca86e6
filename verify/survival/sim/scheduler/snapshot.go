package scheduler

import (
	"fmt"
	"slices"

	fwk "k8s.io/kube-scheduler/framework"
)

// snapshot has the nodes that the plugins list during one placement: all, or those that represent all.
type snapshot struct {
	nodes *nodes
	// affinity and antiAffinity are the nodes of all with pods that have affinity terms, and required anti-affinity terms.
	all, affinity, antiAffinity []fwk.NodeInfo
}

var _ fwk.SharedLister = (*snapshot)(nil)

// reset removes all nodes.
func (s *snapshot) reset() {
	s.all, s.affinity, s.antiAffinity = s.all[:0], s.affinity[:0], s.antiAffinity[:0]
}

// add adds a node.
func (s *snapshot) add(n *node) {
	s.all = append(s.all, n.info)
	if len(n.info.PodsWithAffinity) > 0 {
		s.affinity = append(s.affinity, n.info)
	}
	if len(n.info.PodsWithRequiredAntiAffinity) > 0 {
		s.antiAffinity = append(s.antiAffinity, n.info)
	}
}

// addAll replaces the nodes by all nodes.
func (s *snapshot) addAll() {
	s.reset()
	for _, n := range s.nodes.list {
		s.add(n)
	}
}

func (s *snapshot) NodeInfos() fwk.NodeInfoLister           { return s }
func (s *snapshot) StorageInfos() fwk.StorageInfoLister     { return s }
func (s *snapshot) PodGroupStates() fwk.PodGroupStateLister { return noPodGroups{} }

func (s *snapshot) List() ([]fwk.NodeInfo, error)                     { return s.all, nil }
func (s *snapshot) HavePodsWithAffinityList() ([]fwk.NodeInfo, error) { return s.affinity, nil }
func (s *snapshot) HavePodsWithRequiredAntiAffinityList() ([]fwk.NodeInfo, error) {
	return s.antiAffinity, nil
}

// Get returns a node by name.
func (s *snapshot) Get(name string) (fwk.NodeInfo, error) {
	if n := s.nodes.byName[name]; n != nil {
		return n.info, nil
	}
	return nil, fmt.Errorf("unknown node %q", name)
}

// IsPVCUsedByPods reports whether a pod uses a claim, for claims with the access mode ReadWriteOncePod.
func (s *snapshot) IsPVCUsedByPods(key string) bool {
	return slices.ContainsFunc(s.nodes.list, func(n *node) bool { return n.info.PVCRefCounts[key] > 0 })
}

// noPodGroups: gang scheduling is not simulated.
type noPodGroups struct{}

func (noPodGroups) Get(namespace, name string) (fwk.PodGroupState, error) {
	return nil, fmt.Errorf("unknown pod group %s/%s", namespace, name)
}
