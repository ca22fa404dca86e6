package stack

import (
	"fmt"
	"strings"

	"github.com/robfig/cron/v3"
)

// finiteKeys are the keys that a finite component cannot have, with the reason and the way out.
var finiteKeys = [][2]string{
	{"probes", "nothing waits for the pods of a Job, and its containers end by themselves: remove it"},
	{"exporter", "its sidecar would not end, and the Job would not either: remove it"},
	{"ingress", "the pods of a Job serve nobody: remove it"},
	{"storage", "a Job has no volume claims: mount an existing claim, or an ephemeral volume, in pod.volumes"},
}

// finite checks the schedule, and that a component that ends has nothing that only a running one needs.
func (c *checker) finite(at string, one Component) {
	if one.Replication != Finite {
		if one.Schedule != "" {
			c.add(at+".schedule", "is only for finite components: the pods of %s components never end", one.Replication)
		}
		return
	}
	for _, k := range finiteKeys {
		if c.has(at + "." + k[0]) {
			c.add(at+"."+k[0], "%s", k[1])
		}
	}
	for i, p := range one.Ports {
		if p.Service {
			c.add(at+fmt.Sprintf(".ports.%d.service", i), "the pods of a Job serve nobody: remove it")
		}
	}
	switch {
	case one.Schedule == "":
	case strings.Contains(one.Schedule, "TZ="):
		c.add(at+".schedule", "%q has a time zone, which the API server refuses: users set the value timeZone of the component", one.Schedule)
	default:
		if _, err := cron.ParseStandard(one.Schedule); err != nil {
			c.add(at+".schedule", "%q is not a schedule (%v): use minute, hour, day, month and weekday, as in \"30 2 * * *\"", one.Schedule, err)
		}
	}
}
