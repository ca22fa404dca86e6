package scheduler

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/scheduler/framework"

	"github.com/holdfast-ha/holdfast/verify/placement"
)

// node is a node and its pods.
type node struct {
	info *framework.NodeInfo
	// facts is the result of factsOf, "" until it is computed.
	facts string
	class *nodeClass
	// changed is set if the class may be outdated.
	changed bool
	split   split
}

func (n *node) name() string { return n.info.Node().Name }

// nodeClass is an equivalence class of nodes: they have the same facts and the same requested resources. To the plugins
// they are equal for a pod that is not related to any of their pods.
type nodeClass struct {
	key   classKey
	nodes []*node // sorted by name
	// split is how many of the nodes are split off in the placement with that number, see groups.
	split, placement int
	index            int
}

// classKey is equal for nodes of one class.
type classKey struct {
	facts string
	// Requested resources; nonZero are those with the scheduler's defaults for pods without requests.
	cpu, memory, storage, nonZeroCPU, nonZeroMemory int64
	pods                                            int
	// more are extended resources and used host ports.
	more string
}

// split is why a node is split off from its class in one placement.
type split struct {
	placement int
	named     bool
	// related are the indices of the signatures of related pods, each as often as there is such a pod on the node.
	related []int
}

// signature is the pods that are interchangeable for the placement of other pods: they have the same namespace, labels,
// affinity and anti-affinity.
type signature struct {
	// pod is one of them, affinity its terms of affinity and anti-affinity.
	pod      *corev1.Pod
	affinity []placement.Constraint
	// nodes are the nodes of the pods, each as often as there is such a pod on it.
	nodes []*node
	index int
}
