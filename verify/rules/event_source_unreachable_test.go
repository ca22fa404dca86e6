package rules

import (
	"fmt"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestEventSourcePorts: a Service must forward to the port of each event.
func TestEventSourcePorts(t *testing.T) {
	const webhook, github = `webhook: {a: {port: "12000", endpoint: /a, method: POST}}`, `github: {a: {webhook: {port: "12000", endpoint: /a, method: POST}, events: [push]}}`
	const two = `webhook: {a: {port: "12000", endpoint: /a, method: POST}, b: {port: "13000", endpoint: /b, method: POST}}`
	for _, c := range []struct {
		ports, events, service string
		want                   int
	}{
		{"{port: 12000}", webhook, "", 0},
		{"{port: 80, targetPort: 12000}", webhook, "", 0},
		{"{port: 80, targetPort: http}", webhook, "", 0},
		{"{port: 80}", webhook, "", 1},
		{"{port: 12000, targetPort: 8080}", webhook, "", 1},
		{"{port: 80, targetPort: 8080}", github, "", 1},
		{"{port: 80, targetPort: 12000}", github, "", 0},
		{"{port: 80, targetPort: 12000}", two, "", 1},
		{"{port: 80}", two, "", 2},
		{"{port: 80}", webhook, "{selector: {eventsource-name: shop}, ports: [{port: 443, targetPort: 12000}]}", 0},
		{"{port: 80}", webhook, "{clusterIP: None, selector: {eventsource-name: shop}}", 0},
		{"{port: 80}", webhook, "{selector: {eventsource-name: other}, ports: [{port: 12000}]}", 1},
	} {
		text := fmt.Sprintf("{apiVersion: argoproj.io/v1alpha1, kind: EventSource, metadata: {name: shop}, spec: {service: {ports: [%s]}, %s}}", c.ports, c.events)
		if c.service != "" {
			text += "\n---\n{apiVersion: v1, kind: Service, metadata: {name: more}, spec: " + c.service + "}"
		}
		if found := findingsOf(eventSourceUnreachable, Check(system(t, text), cluster.Cluster{})); len(found) != c.want {
			t.Errorf("%s, %s, %s: %v, want %d findings", c.ports, c.events, c.service, found, c.want)
		}
	}
}
