package workload

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// podOf returns a pod on a node with the controller "KIND NAME" in apps/v1. FURTHER is added to its metadata.
func podOf(name, controller, node, further string) string {
	kind, of, _ := strings.Cut(controller, " ")
	return strings.NewReplacer("NAME", name, "KIND", kind, "OF", of, "NODE", node, "FURTHER", further).Replace(`
---
{apiVersion: v1, kind: Pod, metadata: {name: NAME, ownerReferences: [{apiVersion: other/v1, kind: Other, name: x}, {apiVersion: apps/v1, kind: KIND, name: OF, controller: true}], FURTHER},
  spec: {nodeName: NODE, containers: [{name: c, image: i}]}}
`)
}

// TestRunning checks that existing pods are assigned to the workload of their owner and are not workloads themselves.
func TestRunning(t *testing.T) {
	const hashed = "labels: {pod-template-hash: 7d8f}"
	deployment := `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {` + pods + `}}`
	set := `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {` + pods + `}}`
	for name, c := range map[string]struct{ text, want string }{
		"no pods": {deployment, "Deployment a []"},
		"the ReplicaSet is in the manifests": {deployment + "\n---\n" + strings.Replace(strings.Replace(deployment, "Deployment, metadata: {name: a", "ReplicaSet, metadata: {name: b, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: a, controller: true}]", 1), "spec: {", "spec: {replicas: 1, ", 1) +
			podOf("b-x", "ReplicaSet b", "n1", ""), "Deployment a [b-x n1 -1]"},
		"the ReplicaSet is not in the manifests":      {deployment + podOf("a-7d8f-x", "ReplicaSet a-7d8f", "n1", hashed), "Deployment a [a-7d8f-x n1 -1]"},
		"a ReplicaSet without a Deployment":           {deployment + podOf("a-7d8f-x", "ReplicaSet b-7d8f", "n1", hashed), "Deployment a [], Pod a-7d8f-x [a-7d8f-x n1 -1]"},
		"an owner of another kind with the same name": {deployment + podOf("a-0", "StatefulSet a", "n1", ""), "Deployment a [], Pod a-0 [a-0 n1 -1]"},
		"the oldest first":                            {set + podOf("a-0", "StatefulSet a", "n1", "creationTimestamp: 2026-01-02T00:00:00Z") + podOf("a-1", "StatefulSet a", "n2", "creationTimestamp: 2026-01-01T00:00:00Z"), "StatefulSet a [a-1 n2 1 a-0 n1 0]"},
		"of the same age, by name":                    {set + podOf("a-1", "StatefulSet a", "n1", "") + podOf("a-0", "StatefulSet a", "n1", ""), "StatefulSet a [a-0 n1 0 a-1 n1 1]"},
		"a pod without a node":                        {set + podOf("a-0", "StatefulSet a", "", ""), "StatefulSet a []"},
		"a Terminating pod":                           {strings.Replace(set, "StatefulSet", "ReplicaSet", 1) + podOf("a-x", "ReplicaSet a", "n1", "deletionTimestamp: 2026-01-01T00:00:00Z"), "ReplicaSet a []"},
		"a Terminating pod that keeps its name":       {set + podOf("a-0", "StatefulSet a", "n1", "deletionTimestamp: 2026-01-01T00:00:00Z"), "StatefulSet a [a-0 n1 0]"},
		"a failed pod":                                {set + strings.Replace(podOf("a-0", "StatefulSet a", "n1", ""), "  spec", "  status: {phase: Failed}, spec", 1), "StatefulSet a []"},
		"a pod in another namespace":                  {set + podOf("a-0", "StatefulSet a", "n1", "namespace: b"), "StatefulSet a [], Pod b/a-0 [a-0 n1 -1]"},
		"a static pod":                                {set + strings.Replace(podOf("a-0", "Node n1", "n1", ""), "apps/v1, kind: Node", "v1, kind: Node", 1), "StatefulSet a []"},
		"an owner of an unsupported kind":             {strings.Replace(podOf("a-0", "Database a", "n1", ""), "apps/v1", "example.com/v1", 1), "Pod a-0 [a-0 n1 -1]"},
		"owners of owners": {`
{apiVersion: argoproj.io/v1alpha1, kind: Sensor, metadata: {name: s}, spec: {}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: s-sensor-x, ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Sensor, name: s, controller: true}]}, spec: {` + pods + `}}` +
			podOf("s-sensor-x-7d8f-y", "ReplicaSet s-sensor-x-7d8f", "n1", hashed), "Sensor s [s-sensor-x-7d8f-y n1 -1]"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := read(t, c.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range s.Workloads {
				var on []string
				for _, r := range w.Running {
					on = append(on, fmt.Sprint(r.Name, " ", r.Node, " ", r.Ordinal))
				}
				got = append(got, fmt.Sprint(w, " ", on))
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if len(s.Objects) != len(s.Workloads) {
				t.Errorf("objects %v", s.Objects)
			}
			assumed := slices.ContainsFunc(s.Assumed, func(a Assumption) bool { return strings.Contains(a.Text, "unmanaged pod") })
			if assumed != strings.Contains(c.want, "Pod ") {
				t.Errorf("assumed: %v", s.Assumed)
			}
		})
	}
}

// TestOwners checks that an object is judged on its own if the controller of its owner does not create such objects, or if its
// owners form a circle.
func TestOwners(t *testing.T) {
	of := func(kind, name, owner, text string) string {
		apiVersion, ownerKind, _ := strings.Cut(owner, " ")
		ownerKind, ownerName, _ := strings.Cut(ownerKind, " ")
		return "{apiVersion: " + kind + ", metadata: {name: " + name + ", ownerReferences: [{apiVersion: " + apiVersion + ", kind: " + ownerKind + ", name: " + ownerName + ", controller: true}]}, spec: {" + text + "}}\n---\n"
	}
	const sensor = "argoproj.io/v1alpha1, kind: Sensor"
	for name, c := range map[string]struct{ text, want string }{
		"a ReplicaSet of its own":    {of("apps/v1, kind: ReplicaSet", "a", "apps/v1 ReplicaSet a", pods), "ReplicaSet a"},
		"an owner that is not there": {of("apps/v1, kind: ReplicaSet", "a", "apps/v1 Deployment gone", pods), "ReplicaSet a"},
		"two Deployments of each other": {of("apps/v1, kind: Deployment", "a", "apps/v1 Deployment b", pods) + of("apps/v1, kind: Deployment", "b", "apps/v1 Deployment a", pods),
			"Deployment a, Deployment b"},
		"a circle of custom resources": {of(sensor, "a", "argoproj.io/v1alpha1 Sensor b", "") + of(sensor, "b", "argoproj.io/v1alpha1 Sensor a", "") + of(sensor, "c", "argoproj.io/v1alpha1 Sensor a", ""),
			"Sensor a, Sensor b"},
		"a StatefulSet of a Service": {"{apiVersion: v1, kind: Service, metadata: {name: s}}\n---\n" + of("apps/v1, kind: StatefulSet", "a", "v1 Service s", pods), "StatefulSet a"},
		"a Deployment of a Node":     {of("apps/v1, kind: Deployment", "a", "v1 Node n1", pods), "Deployment a"},
	} {
		s, err := read(t, c.text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range s.Workloads {
			got = append(got, w.String())
			if !slices.ContainsFunc(s.Assumed, func(a Assumption) bool {
				return a.Object.Origin() == w.Object.Origin() && strings.Contains(a.Text, "judged on its own")
			}) {
				t.Errorf("%s: the owner of %s is not named: %v", name, w, s.Assumed)
			}
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
