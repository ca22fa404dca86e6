package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// The pod compares the method as text, an empty one too, and reads the body of GET and POST only (HandleRoute and GetBody in
// pkg/eventsources/sources/webhook/start.go of Argo Events v1.9.11). The controller accepts any method.
var eventSourceRefusesRequests = &Rule{
	ID:       "event-source-refuses-requests",
	Severity: Error,
	Protects: "An event source of the type webhook answers every request with 400 if its method is not exactly GET or POST: no event is accepted.",
	Fix:      "Set method: POST, or GET.",
	check: func(s *facts.System, report reporter) {
		for _, source := range s.EventSources() {
			for name, event := range source.Of("webhook") {
				place := facts.In(source.Object, "spec", "webhook", name, "method")
				switch method, _ := event["method"].(string); method {
				case "GET", "POST":
				case "":
					report(place, fmt.Sprintf("webhook %s has no method: every request is answered with 400", name))
				default:
					report(place, fmt.Sprintf("webhook %s has the method %q: every request is answered with 400", name, method))
				}
			}
		}
	},
}
