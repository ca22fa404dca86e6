package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// An event source that is not in the manifests may be elsewhere. It is a fault if the sensor misspells one of the manifests, if the
// event source has no such event, or if the manifests have sensors and event sources on one bus and no sensor depends on any of
// these sources. Patterns of NATS subjects (* and >) are not checked.
var sensorEventMissing = &Rule{
	ID:       "sensor-event-missing",
	Severity: Error,
	Protects: "A sensor that depends on an event that no event source sends never acts.",
	Fix:      "Use the name of the EventSource and, as eventName, the key of the event under its type.",
	check: func(s *facts.System, report reporter) {
		sensors := facts.Objects[sensor](s, argoevents.APIVersion, "Sensor")
		all := s.EventSources()
		for o, sensor := range sensors {
			var onBus []facts.EventSource
			for _, source := range all {
				if source.Bus == sensor.bus() && source.Object.Namespace == o.Namespace {
					onBus = append(onBus, source)
				}
			}
			connected := false
			for other, another := range sensors {
				connected = connected || other.Namespace == o.Namespace && another.bus() == sensor.bus() && slices.ContainsFunc(onBus, another.dependsOn)
			}
			for i, d := range sensor.Spec.Dependencies {
				if strings.ContainsAny(d.EventSourceName+d.EventName, "*>") {
					continue
				}
				place := func(field string) facts.Place { return facts.In(o, "spec", "dependencies", strconv.Itoa(i), field) }
				if j := slices.IndexFunc(onBus, func(source facts.EventSource) bool { return source.Object.Name == d.EventSourceName }); j >= 0 {
					if names := onBus[j].Names(); !slices.Contains(names, d.EventName) {
						report(place("eventName"), fmt.Sprintf("dependency %s: %s has no event %s, but %s", d.Name, onBus[j].Object, d.EventName, strings.Join(names, ", ")))
					}
					continue
				}
				misspelt := slices.ContainsFunc(onBus, func(source facts.EventSource) bool { return facts.Misspelt(source.Object.Name, d.EventSourceName) })
				if misspelt || len(onBus) > 0 && !connected {
					names := make([]string, len(onBus))
					for i, source := range onBus {
						names[i] = source.Object.Name
					}
					report(place("eventSourceName"), fmt.Sprintf("dependency %s: there is no EventSource %s on the bus %s, but %s", d.Name, d.EventSourceName, sensor.bus(), facts.Names(names)))
				}
			}
		}
	},
}

// sensor is the part of a Sensor with its dependencies.
type sensor struct {
	Spec struct {
		EventBusName string `json:"eventBusName"`
		Dependencies []struct {
			Name            string `json:"name"`
			EventSourceName string `json:"eventSourceName"`
			EventName       string `json:"eventName"`
			Filters         struct {
				Exprs []struct {
					Expr   string `json:"expr"`
					Fields []struct {
						Name string `json:"name"`
					} `json:"fields"`
				} `json:"exprs"`
			} `json:"filters"`
		} `json:"dependencies"`
	} `json:"spec"`
}

func (s *sensor) bus() string { return cmp.Or(s.Spec.EventBusName, argoevents.DefaultBus) }

// dependsOn reports whether a dependency of the sensor names an event source.
func (s *sensor) dependsOn(source facts.EventSource) bool {
	for _, d := range s.Spec.Dependencies {
		if d.EventSourceName == source.Object.Name {
			return true
		}
	}
	return false
}
