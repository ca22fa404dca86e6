package cluster

import (
	"slices"
	"testing"
)

func TestDomains(t *testing.T) {
	c, err := Parse("c.yaml", []byte(`
nodes:
  - {name: a, count: 2, zone: z1, labels: {example.org/rack: r2}}
  - {name: b, zone: z1, labels: {example.org/rack: r1}}
  - {name: c, labels: {example.org/rack: ""}}
`))
	if err != nil {
		t.Fatal(err)
	}
	rack := Domain{Name: "rack", Label: "example.org/rack"}
	c.Domains = []Domain{rack}
	if got := c.FailureDomains(); !slices.Equal(got, []Domain{Node, Zone, rack}) {
		t.Errorf("failure domains %v", got)
	}
	for d, want := range map[Domain][]string{Node: {"a-1", "a-2", "b", "c"}, Zone: {"z1"}, rack: {"r1", "r2"}} {
		if got := c.Values(d); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", d.Name, got, want)
		}
	}
}
