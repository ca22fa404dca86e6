package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival"
)

var rack = cluster.Domain{Name: "rack", Label: "example.org/rack"}

func TestParseRequirement(t *testing.T) {
	for text, want := range map[string][]cluster.Domain{
		"":                    nil,
		"node":                {cluster.Node},
		"zone":                {cluster.Zone},
		"rack":                {rack},
		"row=example.org/row": {{Name: "row", Label: "example.org/row"}},
		"zone=topology.kubernetes.io/zone,node=kubernetes.io/hostname": {cluster.Zone},
		"rack=example.org/rack,zone,rack":                              {rack, cluster.Zone},
		"node,node":                                                    {cluster.Node},
	} {
		q, err := ParseRequirement(text, []cluster.Domain{rack})
		if err != nil || !slices.Equal(q.Domains, want) {
			t.Errorf("%q: got %v, %v, want %v", text, q.Domains, err, want)
		}
	}
	for text, want := range map[string]string{
		"region":                         `unknown failure domain "region": want node, zone, rack, or NAME=LABEL with a node label, like rack=example.org/rack`,
		"zone,":                          `unknown failure domain ""`,
		"=a":                             `=a: name is ""`,
		"Row=a":                          `Row=a: name is "Row"`,
		"row=":                           `row=: label is "": want a label key`,
		"row=a b":                        `row=a b: label is "a b"`,
		"zone=example.org/zone":          "zone=example.org/zone: name zone and label topology.kubernetes.io/zone are a fixed pair",
		"az=topology.kubernetes.io/zone": "az=topology.kubernetes.io/zone: name zone and label topology.kubernetes.io/zone are a fixed pair",
		"host=kubernetes.io/hostname":    "host=kubernetes.io/hostname: name node and label kubernetes.io/hostname are a fixed pair",
	} {
		if _, err := ParseRequirement(text, []cluster.Domain{rack}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// TestAmbiguousName: a name that profiles give to two labels needs its label.
func TestAmbiguousName(t *testing.T) {
	known := []cluster.Domain{rack, {Name: "rack", Label: "example.org/cabinet"}}
	const want = `failure domain "rack" is ambiguous: profiles define it by the labels example.org/rack and example.org/cabinet: use rack=LABEL`
	if _, err := ParseRequirement("rack", known); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if q, err := ParseRequirement("rack=example.org/cabinet", known); err != nil || q.Domains[0] != known[1] {
		t.Errorf("got %v, %v", q, err)
	}
}

func TestCheck(t *testing.T) {
	parse := func(text string) cluster.Cluster {
		c, err := cluster.Parse("c.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	two := parse("nodes: [{name: a, labels: {example.org/rack: r1}}, {name: b, labels: {example.org/rack: r2}}, {name: c}]")
	one := parse("nodes: [{name: a, labels: {example.org/rack: r1}}, {name: b, count: 5}]")
	same := parse("nodes: [{name: a, labels: {example.org/rack: r1}}]")
	none := parse("nodes: [{name: a}]")
	const end = ": to survive the failure of one rack, a cluster needs two or more"
	for _, c := range []struct {
		name        string
		requirement Requirement
		cluster     cluster.Cluster
		want        string
	}{
		{"nothing required", Requirement{}, none, ""},
		{"a single node", Requirement{Domains: []cluster.Domain{cluster.Node}}, none, ""},
		{"two racks", Requirement{Domains: []cluster.Domain{rack}}, two, ""},
		{"one rack", Requirement{Domains: []cluster.Domain{rack}}, same, "survives rack: all nodes have the label example.org/rack=r1" + end},
		{"one rack and nodes without", Requirement{Domains: []cluster.Domain{rack}}, one, "survives rack: label example.org/rack has only the value r1 and is missing on b-1, b-2, b-3 and 2 more" + end},
		{"no rack", Requirement{Domains: []cluster.Domain{rack}}, none, "survives rack: label example.org/rack is missing on all nodes (a)" + end},
		{"a limit alone", Requirement{Within: time.Minute}, none, "a time limit needs a requirement: set survives to node, zone or NAME=LABEL"},
	} {
		got := ""
		if err := c.requirement.Check(c.cluster); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestCoversDomains: a requirement covers the failure of the domains that it names, and the events that every requirement covers.
func TestCoversDomains(t *testing.T) {
	q := Requirement{Domains: []cluster.Domain{cluster.Zone, rack}}
	for event, want := range map[survival.Event]bool{"rest": true, "lose node": true, "lose rack": true, "lose zone": true, "drain node": true, "roll": true,
		"lose row": false, "grow": false, "lose node in drain": false, "lose node in roll": false} {
		if got := q.covers(event); got != want {
			t.Errorf("%s: got %v", event, got)
		}
		if got := coverable(string(event)); got != (want || event == "lose row") {
			t.Errorf("%s: coverable is %v", event, got)
		}
		if (Requirement{}).covers(event) {
			t.Errorf("an empty requirement covers %s", event)
		}
	}
}

func FuzzParseRequirement(f *testing.F) {
	f.Add("zone,rack=example.org/rack")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseRequirement(text, nil)
		if err != nil {
			return
		}
		again, err := ParseRequirement(q.String(), q.Domains)
		if strings.Contains(q.String(), ", ") {
			again, err = ParseRequirement(strings.ReplaceAll(q.String(), ", ", ","), q.Domains)
		}
		if err != nil || !slices.Equal(again.Domains, q.Domains) {
			t.Errorf("%q: %v and %v, %v", text, q.Domains, again.Domains, err)
		}
	})
}
