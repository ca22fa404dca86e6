package sim

import (
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// fault is why a running pod of the input is not Ready. The pod stays so, and so does each pod that replaces it, in any revision:
// nothing in the input shows that another pod of its workload would become Ready.
type fault struct {
	reason string
	// started: the phase of the pod is Running. Evictions of other pods ignore budgets.
	started bool
	// unplaced: the scheduler of the pod's cluster has found no node for it.
	unplaced bool
}

func (f *fault) String() string { return f.reason }

// broken reports whether the pod is on a node and has a fault.
func (p *Pod) broken() bool {
	return p.fault != nil && p.attachWait == nil && (p.state == starting || p.state == failing)
}

// confirmUnplaced removes the faults of pods that fit on no node in the simulation either: the reason is known, and once they fit
// they start. If a pod has a node in the simulation and none on its cluster, the reason is unknown, and the fault stays.
func (c *Controller) confirmUnplaced() {
	for _, p := range c.pods {
		if p.state == pending && p.fault != nil && p.fault.unplaced {
			p.fault = nil
			delete(c.faults.byIndex, p.index)
		}
	}
}

// faults are those of a workload. A StatefulSet and a DaemonSet replace a pod by one with the same index, the others by any pod.
type faults struct {
	byIndex map[int]*fault
	// unused are the faults that the next new pods have.
	unused []*fault
}

// addFault adds the fault of a pod that the simulation does not adopt. The pod that replaces it has the fault.
func (c *Controller) addFault(index int, f *fault) {
	if !c.fixedIndex() {
		c.faults.unused = append(c.faults.unused, f)
		return
	}
	if c.faults.byIndex == nil {
		c.faults.byIndex = map[int]*fault{}
	}
	c.faults.byIndex[index] = f
}

// takeFault returns the fault of a new pod, nil for a pod that becomes Ready.
func (c *Controller) takeFault(j *journal, index int) *fault {
	switch f := c.faults.byIndex[index]; {
	case f != nil || c.fixedIndex():
		return f
	case len(c.faults.unused) == 0:
		return c.commonFault()
	}
	f := c.faults.unused[0]
	set(j, &c.faults.unused, c.faults.unused[1:])
	return f
}

// commonFault returns the fault of a workload of which no pod becomes Ready, nil for others. A pod that is added to it, as in a
// rollout with surge, has the fault, too.
func (c *Controller) commonFault() *fault {
	var common *fault
	for _, p := range c.pods {
		if p.fault == nil {
			return nil
		}
		common = p.fault
	}
	return common
}

// returnFault passes the fault of a pod that is marked for deletion to the pod that replaces it.
func (c *Controller) returnFault(j *journal, p *Pod) {
	if p.fault != nil && !c.fixedIndex() {
		set(j, &c.faults.unused, append(slices.Clone(c.faults.unused), p.fault))
	}
}

// keepsNames reports whether a pod is replaced by one with the same name, once it is gone.
func (c *Controller) keepsNames() bool {
	return c.Workload.Kind == workload.StatefulSet || c.Workload.Kind == workload.Pods
}

// fixedIndex reports whether a pod is replaced by one with the same index.
func (c *Controller) fixedIndex() bool {
	return c.keepsNames() || c.Workload.Kind == workload.DaemonSet
}
