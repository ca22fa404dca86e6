package checks

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// example is a cluster, and the findings of a check: "STATUS OBJECT: MESSAGE", of which the beginning is enough.
type example struct {
	name, objects string
	want          []string
}

// read returns the snapshot of the objects in some YAML.
func read(t *testing.T, text string) *snapshot.Snapshot {
	t.Helper()
	var objects []*unstructured.Unstructured
	for part := range strings.SplitSeq(text, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(part), &o.Object); err != nil {
			t.Fatalf("%v in\n%s", err, part)
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
	s, err := snapshot.Of("v1.36.3", objects)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// test runs a check on examples. It must find what is expected, and nothing else; each finding needs a message and a fix. The check
// must not read more than it declares.
func test(t *testing.T, c Check, examples []example) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) { e.test(t, c, read(t, e.objects)) })
	}
}

func (e example) test(t *testing.T, c Check, s *snapshot.Snapshot) {
	t.Helper()
	summary, findings := c.Run(s)
	var got []string
	for _, f := range findings {
		got = append(got, string(f.Status)+" "+strings.TrimPrefix(f.Object+": "+f.Message, ": "))
		if f.Message == "" || f.Fix == "" || f.Status == OK {
			t.Errorf("%+v: no message, no fix, or no problem", f)
		}
	}
	if len(findings) == 0 && summary == "" {
		t.Error("no summary")
	}
	if !slices.EqualFunc(got, e.want, strings.HasPrefix) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(e.want, "\n  "))
	}
	if _, again := c.Run(s.Only(c.Reads)); !slices.Equal(again, findings) {
		t.Errorf("with the declared resources alone: %+v, want %+v: complete Reads", again, findings)
	}
}

// installed is an example with an installation.
type installed struct {
	example
	manifests    string
	nodes, zones int
}

// testInstallation is test for checks of an installation. The API server has the kinds of Kubernetes.
func testInstallation(t *testing.T, c Check, examples []installed) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			objects, err := manifest.Parse("m.yaml", []byte(e.manifests))
			if err != nil {
				t.Fatal(err)
			}
			s := read(t, e.objects)
			if s.Installation, err = snapshot.NewInstallation(objects); err != nil {
				t.Fatal(err)
			}
			s.Installation.Nodes, s.Installation.Zones = e.nodes, e.zones
			s.Installation.Served = served()
			e.test(t, c, s)
		})
	}
}

// served returns the kinds of Kubernetes.
func served() map[schema.GroupVersionKind]bool {
	all := map[schema.GroupVersionKind]bool{{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}: true}
	for kind := range scheme.Scheme.AllKnownTypes() {
		all[kind] = true
	}
	return all
}

// three are nodes in three zones.
const three = `
{apiVersion: v1, kind: Node, metadata: {name: a, labels: {kubernetes.io/hostname: a, topology.kubernetes.io/zone: za}}, status: {allocatable: {cpu: "4", memory: 8Gi, pods: "10"}, conditions: [{type: Ready, status: "True"}], nodeInfo: {kubeletVersion: v1.36.3}}}
---
{apiVersion: v1, kind: Node, metadata: {name: b, labels: {kubernetes.io/hostname: b, topology.kubernetes.io/zone: zb}}, status: {allocatable: {cpu: "4", memory: 8Gi, pods: "10"}, conditions: [{type: Ready, status: "True"}], nodeInfo: {kubeletVersion: v1.36.3}}}
---
{apiVersion: v1, kind: Node, metadata: {name: c, labels: {kubernetes.io/hostname: c, topology.kubernetes.io/zone: zc}}, status: {allocatable: {cpu: "4", memory: 8Gi, pods: "10"}, conditions: [{type: Ready, status: "True"}], nodeInfo: {kubeletVersion: v1.36.3}}}
---
`
