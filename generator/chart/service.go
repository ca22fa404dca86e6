package chart

import (
	"cmp"
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Headless reports whether clients get the addresses of the pods from the component's Service.
func (c component) Headless() bool { return c.Service != nil && c.Service.Headless }

// serviceEntry are the fields of the Service that users may change.
func serviceEntry(s stack.Service) (entry, error) {
	annotations, err := flow(s.Annotations)
	if err != nil {
		return entry{}, err
	}
	text := "annotations: " + annotations
	about := "Annotations of the Service."
	if !s.Headless {
		about = "Service. With externalTrafficPolicy Local, only nodes with a ready pod accept connections from outside, and pods see the clients' addresses; connections that are still open are cut when the pod of their node moves."
		text = fmt.Sprintf("type: %s\n%s\nsessionAffinity: %s\nexternalTrafficPolicy: %s", cmp.Or(s.Type, "ClusterIP"), text,
			cmp.Or(s.SessionAffinity, "None"), cmp.Or(s.ExternalTrafficPolicy, "Cluster"))
	}
	return entry{"service", about, text, nil}, nil
}

func serviceSchema(c stack.Component) node {
	annotations := stringMap
	if c.Service != nil && c.Service.Headless {
		return strictObject(node{"annotations": annotations})
	}
	return strictObject(node{
		"type":                  node{"enum": []string{"ClusterIP", "NodePort", "LoadBalancer"}},
		"annotations":           annotations,
		"sessionAffinity":       node{"enum": []string{"None", "ClientIP"}},
		"externalTrafficPolicy": node{"enum": []string{"Cluster", "Local"}},
	})
}
