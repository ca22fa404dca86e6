package ha

// priority leaves the choice of a PriorityClass to the user: a profile cannot know the classes of a cluster.
func priority(input) []Decision {
	return []Decision{{
		Key:    "priorityClassName",
		Value:  nil,
		Rule:   "No PriorityClass, unless you set one.",
		Reason: "The class must exist in the cluster, and a quota may keep system-cluster-critical from other namespaces than kube-system: the pods would be refused. With a class above that of other workloads, a pod that has lost its node displaces them on full nodes, and is evicted after them.",
		Source: "kube-apiserver admission plugins Priority and ResourceQuota; kube-scheduler preemption; kubelet eviction by priority",
	}}
}
