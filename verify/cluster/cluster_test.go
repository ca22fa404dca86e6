package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestUniform(t *testing.T) {
	for nodes := 1; nodes <= 12; nodes++ {
		for zones := 0; zones <= nodes; zones++ {
			c, err := Uniform(nodes, zones)
			if err != nil || len(c.Nodes) != nodes || len(c.Zones()) != zones {
				t.Fatalf("%d in %d: %d nodes in %v, %v", nodes, zones, len(c.Nodes), c.Zones(), err)
			}
			if !slices.IsSortedFunc(c.Nodes, func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) }) {
				t.Errorf("%d nodes are not sorted", nodes)
			}
			in := map[string]int{}
			for _, n := range c.Nodes {
				in[n.Labels[ZoneLabel]]++
			}
			if all := slices.Sorted(maps.Values(in)); all[len(all)-1]-all[0] > 1 {
				t.Errorf("%d in %d: zones have %v nodes", nodes, zones, in)
			}
		}
	}
	for _, bad := range [][2]int{{0, 0}, {-1, 0}, {2, 3}, {2, -1}} {
		if _, err := Uniform(bad[0], bad[1]); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

func TestUniformLabelsOtherDomains(t *testing.T) {
	rack := Domain{Name: "rack", Label: "example.org/rack"}
	c, err := Uniform(6, 2, Count{rack, 3})
	if err != nil || !slices.Equal(c.Values(rack), []string{"rack-1", "rack-2", "rack-3"}) || len(c.Zones()) != 2 {
		t.Errorf("racks %v, zones %v, %v", c.Values(rack), c.Zones(), err)
	}
	if _, err := Uniform(2, 0, Count{rack, 3}); err == nil || err.Error() != "2 nodes in 3 racks: each rack needs 1 node or more" {
		t.Errorf("3 racks of 2 nodes: %v", err)
	}
}

func TestParse(t *testing.T) {
	const groups = `
nodes:
  - {name: a, count: 2, zone: eu-1a}
  - name: big
    zone: eu-1b
    labels: {disk: ssd}
    taints: [{key: dedicated, value: bus, effect: NoSchedule}]
    capacity: {cpu: "4", example.com/gpu: "2"}
`
	c, err := Parse("c.yaml", []byte(groups))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range c.Nodes {
		gpu := n.Status.Allocatable["example.com/gpu"]
		got = append(got, fmt.Sprint(n.Name, n.Labels[HostLabel], n.Labels[ZoneLabel], n.Labels["disk"], len(n.Spec.Taints), n.Status.Allocatable.Cpu(), gpu.String(), n.Status.Allocatable.Pods()))
	}
	want := []string{"a-1a-1eu-1a0 160110", "a-2a-2eu-1a0 160110", "bigbigeu-1bssd1 42110"}
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], " ", "")
		want[i] = strings.ReplaceAll(want[i], " ", "")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	// The output of kubectl.
	const list = `
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: n2, labels: {topology.kubernetes.io/zone: z2}, resourceVersion: "7"}
  status: {allocatable: {cpu: 3920m, pods: "29"}}
- {apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {unschedulable: true}}
`
	c, err = Parse("c.yaml", []byte(list))
	if err != nil || len(c.Nodes) != 2 || c.Nodes[0].Name != "n1" || !c.Nodes[0].Spec.Unschedulable || c.Nodes[1].Status.Allocatable.Cpu().MilliValue() != 3920 || !slices.Equal(c.Zones(), []string{"z2"}) {
		t.Errorf("%+v %v", c, err)
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "c.yaml: no nodes: a cluster needs 1 or more",
		"nodes: []":                         "want a list of Nodes, or a map with the key nodes",
		"nodes: [{name: a, size: 3}]":       "c.yaml:1: unknown key size",
		"nodes: [{count: 2}]":               "c.yaml:1: nodes[0].name: is missing",
		"nodes: [{name: a, count: 0}]":      "c.yaml:1: nodes[0].count: is 0: want 1 to 10000",
		"nodes: [{name: a}, {name: a}]":     "c.yaml: two nodes are named a",
		"nodes: [{name: a}]\n---\nnodes: 1": "c.yaml: has more than one YAML document",
		"nodes:\n  - name: b\n  - {name: a, taints: [{key: a, effect: Never}]}":                    `c.yaml:3: nodes[1].taints[0].effect: is "Never"`,
		"nodes: [{name: a, taints: [{effect: NoSchedule}]}]":                                       "taints[0].key: is missing",
		"nodes: [{name: a, capacity: {cpu: many}}]":                                                `capacity.cpu: is "many"`,
		"nodes: [{name: a, capacity: {cpu: -1}}]":                                                  `c.yaml:1: nodes[0].capacity.cpu: is "-1": must be greater than or equal to 0`,
		"nodes: [{name: a, capacity: {cpu: 1e100}}]":                                               `c.yaml:1: nodes[0].capacity.cpu: is "1e100": want 9T or less`,
		"nodes: [{name: A_b}]":                                                                     `c.yaml:1: nodes[0].name: is "A_b"`,
		"nodes: [{name: a, zone: a b}]":                                                            `c.yaml:1: nodes[0].zone: is "a b"`,
		"nodes: [{name: a, labels: {a b: c}}]":                                                     `c.yaml:1: nodes[0].labels: has "a b"`,
		"nodes: [{name: a, labels: {b: a b}}]":                                                     `c.yaml:1: nodes[0].labels: has "b": "a b"`,
		"nodes: [{name: a, taints: [{key: a b, effect: NoSchedule}]}]":                             `c.yaml:1: nodes[0].taints[0].key: is "a b"`,
		"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus:\n  capacity:\n    cpu: -5":       "c.yaml:6: Node a: status.capacity.cpu: is -5: must be greater than or equal to 0",
		"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus:\n  allocatable:\n    cpu: 1e100": "c.yaml:6: Node a: status.allocatable.cpu: is 1e100: want 9T or less",
		"apiVersion: v1\nkind: Node\nmetadata: {name: A_b}":                                        "c.yaml:3: Node A_b: metadata.name",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a}":                                           "c.yaml:1: Pod a: is not a Node: a cluster file has only Nodes",
		"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nspec: {taints: 1}":                       "c.yaml:4: Node a: spec.taints: is 1: want a list",
	} {
		if _, err := Parse("c.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("nodes: [{name: a, count: 2, zone: z, labels: {a: b}, taints: [{key: a, effect: NoSchedule}], capacity: {cpu: 4}}]")
	f.Add("apiVersion: v1\nkind: Node\nmetadata: {name: a}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("fuzz.yaml", []byte(text))
		if err == nil && len(c.Nodes) == 0 {
			t.Error("neither a node nor an error")
		}
	})
}
