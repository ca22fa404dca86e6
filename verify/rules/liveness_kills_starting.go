package rules

import (
	"fmt"
	"reflect"
	"time"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only probes with the same request are checked. The delay of the readiness probe shows how long the start takes, and the liveness
// probe has failed by then. A startup probe delays both.
var livenessKillsStarting = &Rule{
	ID:       "liveness-kills-starting",
	Severity: Error,
	Protects: "A container that starts slowly is killed while it starts, again and again.",
	Fix:      "Add a startupProbe with the same request. The other probes begin after it has succeeded.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			for _, c := range facts.Containers(w) {
				live, ready := c.LivenessProbe, c.ReadinessProbe
				if c.StartupProbe != nil || live == nil || ready == nil || !reflect.DeepEqual(live.ProbeHandler, ready.ProbeHandler) {
					continue
				}
				// The first probe is after the delay, the next ones a period apart.
				killed := time.Duration(live.InitialDelaySeconds+(live.FailureThreshold-1)*live.PeriodSeconds) * time.Second
				expected := time.Duration(ready.InitialDelaySeconds) * time.Second
				if killed < expected {
					report(facts.InTemplate(w, append(c.Path, "livenessProbe")...), fmt.Sprintf("the liveness probe kills container %s after %v, but the readiness probe with the same request begins after %v", c.Name, killed, expected))
				}
			}
		}
	},
}
