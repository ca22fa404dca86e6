package rules

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// withoutExpression are the types of event sources whose filter is something else, or that have none: eventing.go of Argo Events
// v1.9.11. Other types discard all events with an empty expression, too. Sensors with an empty one are refused by the controller.
var withoutExpression = []string{"minio", "resource", "storageGrid", "stripe"}

// An expression is a fault only if no event can pass it: it cannot be parsed, or it always needs a variable that no field sets.
// Conditions of triggers and filters by data, context and time are not checked.
var filterDropsAllEvents = &Rule{
	ID:       "filter-drops-all-events",
	Severity: Error,
	Protects: "An event source or a sensor discards every event if Argo Events cannot evaluate the expression of a filter. The controller does not check it.",
	Fix:      "Correct the expression. A sensor reads the language of govaluate, with names of fields: status == \"paid\" && total > 10. An event source reads the language of expr: body.status == \"paid\".",
	check: func(s *facts.System, report reporter) {
		for _, source := range s.EventSources() {
			for kind := range source.Events {
				if slices.Contains(withoutExpression, kind) {
					continue
				}
				for name, event := range source.Of(kind) {
					filter, ok := event["filter"].(map[string]any)
					if !ok {
						continue
					}
					expression, _ := filter["expression"].(string)
					if err := argoevents.CheckSourceFilter(expression); err != nil {
						report(facts.In(source.Object, "spec", kind, name, "filter", "expression"), fmt.Sprintf("event %s: the filter discards every event: %s", name, err))
					}
				}
			}
		}
		for o, sensor := range facts.Objects[sensor](s, argoevents.APIVersion, "Sensor") {
			for i, d := range sensor.Spec.Dependencies {
				for j, e := range d.Filters.Exprs {
					if e.Expr == "" || len(e.Fields) == 0 {
						continue
					}
					var fields []string
					for _, f := range e.Fields {
						fields = append(fields, f.Name)
					}
					if err := argoevents.CheckSensorFilter(e.Expr, fields); err != nil {
						report(facts.In(o, "spec", "dependencies", strconv.Itoa(i), "filters", "exprs", strconv.Itoa(j), "expr"), fmt.Sprintf("dependency %s: no event passes this filter: %s", d.Name, err))
					}
				}
			}
		}
	},
}
