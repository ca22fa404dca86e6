package verdict

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// cause returns the setting of a workload by which its own rollout interrupts it, "" if there is none, or if the interruption has
// another cause.
func cause(s survival.Scenario, o survival.Outcome) string {
	w := o.Workload
	target, _, _ := strings.Cut(s.Target, ", ")
	if o.Serves() || w == nil || w.String() != target || s.Event != survival.Rollout && s.Event != survival.LoseNodeInRollout {
		return ""
	}
	switch r := w.Rollout; {
	case r.Type == "Recreate" && s.Event == survival.LoseNodeInRollout && o.After < o.Needs:
		return "strategy Recreate creates new pods only when all old ones are gone: those on a failed node stay until it is back or removed"
	case r.Type == "Recreate":
		return "strategy Recreate stops all pods before it creates new ones"
	case r.Type == "RollingUpdate" && w.Kind == workload.Deployment && s.Event == survival.Rollout && r.MaxUnavailable > o.Pods-o.Needs && o.Pods > 0:
		return fmt.Sprintf("maxUnavailable %d lets the rollout stop more pods than the workload can miss", r.MaxUnavailable)
	}
	return ""
}
