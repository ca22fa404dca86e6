package sim

// journal records how to undo changes of the cluster state. Scenarios start from one steady state without a copy of it.
type journal struct {
	undo []func()
	// final is set while changes are not recorded, and cannot be undone.
	final bool
}

// record adds the function that undoes a change that was just made.
func (j *journal) record(undo func()) {
	if !j.final {
		j.undo = append(j.undo, undo)
	}
}

// rollback undoes all changes but the first n, the last one first.
func (j *journal) rollback(n int) {
	for i := len(j.undo) - 1; i >= n; i-- {
		j.undo[i]()
	}
	clear(j.undo[n:])
	j.undo = j.undo[:n]
}

// set changes a value and records its undo. Lists are replaced and not changed in place, so that running loops
// keep the old list.
func set[T any](j *journal, at *T, to T) {
	before := *at
	*at = to
	j.record(func() { *at = before })
}

// without returns a copy of a list without a pod.
func without(list []*Pod, p *Pod) []*Pod {
	left := make([]*Pod, 0, len(list))
	for _, other := range list {
		if other != p {
			left = append(left, other)
		}
	}
	return left
}
