package rules

import (
	"fmt"
	"reflect"
	"time"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes one question for both probes: readiness says how long it takes until it is worth asking, and liveness has given
// up by then. A startup probe holds both back.
var livenessKillsStarting = &Rule{
	ID:       "liveness-kills-starting",
	Protects: "A container that takes its time to start is killed while it does, and starts again, for ever.",
	Fix:      "A startupProbe with the same question; liveness and readiness begin when it has succeeded.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, c := range running(w) {
				live, ready := c.LivenessProbe, c.ReadinessProbe
				if c.StartupProbe != nil || live == nil || ready == nil || !reflect.DeepEqual(live.ProbeHandler, ready.ProbeHandler) {
					continue
				}
				// The first question comes after the delay, the next ones a period apart.
				gives := time.Duration(live.InitialDelaySeconds+(live.FailureThreshold-1)*live.PeriodSeconds) * time.Second
				asks := time.Duration(ready.InitialDelaySeconds) * time.Second
				if gives < asks {
					find(at(w, append(c.at, "livenessProbe")...), fmt.Sprintf("gives up on container %s after %v; readiness begins to ask the same after %v", c.Name, gives, asks))
				}
			}
		}
	},
}
