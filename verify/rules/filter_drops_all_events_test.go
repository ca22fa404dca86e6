package rules

import (
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestFiltersOfEventSources: the language of event sources is not that of sensors, and an empty expression passes nothing.
func TestFiltersOfEventSources(t *testing.T) {
	for spec, want := range map[string]int{
		`calendar: {a: {interval: 1h, filter: {expression: 'metadata.kind == "nightly" and true'}}}`: 0,
		`calendar: {a: {interval: 1h, filter: {expression: 'kind =~ "^n"'}}}`:                        1,
		`calendar: {a: {interval: 1h, filter: {expression: ""}}, b: {interval: 1h, filter: {}}}`:     2,
		`calendar: {a: {interval: 1h, filter: null}}`:                                                0,
		`resource: {a: {resource: pods, filter: {prefix: web}}}`:                                     0,
		`template: {filter: {a: {filter: {}}}}, calendar: {a: {interval: 1h}}`:                       0,
	} {
		text := "{apiVersion: argoproj.io/v1alpha1, kind: EventSource, metadata: {name: clock}, spec: {" + spec + "}}"
		if found := findingsOf(filterDropsAllEvents, Check(system(t, text), cluster.Cluster{})); len(found) != want {
			t.Errorf("%s: %v, want %d findings", spec, found, want)
		}
	}
}
