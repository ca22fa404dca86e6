package agreement

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
)

// unreadyPods keeps all pods of a workload from becoming ready, or one pod of a StatefulSet.
func unreadyPods(s *System, d dice, w *draft) {
	which := "all"
	if w.Kind == statefulSet && d.in(70) {
		which = fmt.Sprint(d.IntN(w.Replicas))
	}
	w.describe("not ready: %s", which)
	w.annotations[cluster.UnreadyAnnotation] = which
	s.Unready = true
}
