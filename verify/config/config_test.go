package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

var known = []cluster.Domain{{Name: "rack", Label: "example.org/rack"}}

func TestParse(t *testing.T) {
	c, err := Parse("dir/v.yaml", []byte(`
survives: zone
cluster: ../nodes.yaml
detection: 40s
replication:
  StatefulSet/store: quorum
ignore:
  - rule: budget-blocks-drain
    objects: Deployment/web-*
    reason: one
  - {rule: claim-*, reason: two}
  - {rule: budgets-overlap, objects: "*/events/*", reason: three}
`), known)
	if err != nil {
		t.Fatal(err)
	}
	if c.Requirement.String() != "zone" || c.Cluster != "nodes.yaml" || c.Detection != 40*time.Second || c.Replication["StatefulSet/store"] != "quorum" || c.At("StatefulSet/store") != "dir/v.yaml:6" || c.At("Pod/a") != "" {
		t.Errorf("%+v", c)
	}
	for _, call := range []struct{ rule, object, reason, at string }{
		{"budget-blocks-drain", "Deployment web-1", "one", "dir/v.yaml:8"},
		{"budget-blocks-drain", "Deployment events/web-1", "one", "dir/v.yaml:8"},
		{"budget-blocks-drain", "Deployment web", "", ""},
		{"budget-blocks-drain", "StatefulSet web-1", "", ""},
		{"claim-roll", "Pod a", "two", "dir/v.yaml:11"},
		{"budgets-overlap", "Pod other/a", "", ""},
		{"budgets-overlap", "Pod a", "", ""},
	} {
		if reason, at := c.Ignores(call.rule, call.object); reason != call.reason || at != call.at {
			t.Errorf("%s of %s: got %q at %q, want %q at %q", call.rule, call.object, reason, at, call.reason, call.at)
		}
	}
	if unused := c.Unused(); !slices.Equal(unused, []string{"dir/v.yaml:12: ignore[2] (budgets-overlap) matches nothing: remove it"}) {
		t.Errorf("unused entries: %q", unused)
	}
	c, err = Parse("v.yaml", []byte("nodes: 6\nzones: 0\nwithin: 2m\n"), known)
	if err != nil || c.Requirement.Within != 2*time.Minute || *c.Nodes != 6 || *c.Zones != 0 || len(c.Unused()) > 0 {
		t.Errorf("%+v %v", c, err)
	}
	if c, err = Parse("dir/v.yaml", []byte("cluster: /etc/nodes.yaml"), known); err != nil || c.Cluster != "/etc/nodes.yaml" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "v.yaml: is empty",
		"survive: node":                        "v.yaml:1: unknown key survive",
		"survives: region":                     `v.yaml:1: survives: unknown failure domain "region": want node, zone, rack, or NAME=LABEL`,
		"survives: [node]":                     "v.yaml:1: survives: is a list: want text",
		"nodes: many":                          `v.yaml:1: nodes: is "many": want a whole number`,
		"nodes: 3\ncluster: a.yaml":            "v.yaml:2: cluster: the file defines the nodes: remove nodes and zones",
		"nodes: 3\ndetection: 40":              `v.yaml:2: detection: is "40": want a positive duration`,
		"detection: -1s":                       `v.yaml:1: detection: is "-1s": want a positive duration`,
		"within: 2":                            `v.yaml:1: within: is "2": want a positive duration`,
		"survives: node\nwithin: 0s":           `v.yaml:2: within: is "0s": want a positive duration`,
		"detection: 0s":                        `v.yaml:1: detection: is "0s": want a positive duration`,
		"replication:\n  Pod/b: x\n  Pod/a: y": `v.yaml:3: replication.Pod/a: is "y": want one of quorum, standby`,
		"ignore:\n  - {reason: a}":             "v.yaml:2: ignore[0].rule: is missing: want an ID like ",
		"ignore: [{rule: budgets-overlap, reason: ...}]": `v.yaml:1: ignore[0].reason: is "...": write why budgets-overlap does not count`,
		"ignore: [{}]":                                                   "v.yaml: ignore[0].rule: is missing",
		"ignore:\n  - rule: budget-blocks-drain":                         "v.yaml:2: ignore[0].reason: is missing: write why budget-blocks-drain does not count",
		"ignore: [{rule: budget-blocks-drain, reason: ' '}]":             "v.yaml:1: ignore[0].reason: is missing",
		"ignore: [{rule: budget-block, reason: a}]":                      `v.yaml:1: ignore[0].rule: unknown rule "budget-block": docs/rules.md lists all rules`,
		"ignore: [{rule: 'a[', reason: a}]":                              `v.yaml:1: ignore[0].rule: is "a[": syntax error in pattern`,
		"ignore: [{rule: budget-blocks-drain, objects: '[', reason: a}]": `v.yaml:1: ignore[0].objects: is "[": syntax error in pattern`,
		"ignore: [{rule: budget-blocks-drain, object: a, reason: a}]":    "v.yaml:1: unknown key object",
	} {
		if _, err := Parse("v.yaml", []byte(text), known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("survives: zone\ncluster: a\nreplication: {Pod/a: single}\nignore: [{rule: '*', objects: 'Pod/*', reason: a}]", "Pod a/b")
	f.Fuzz(func(t *testing.T, text, object string) {
		c, err := Parse("fuzz.yaml", []byte(text), known)
		if err != nil {
			return
		}
		for _, id := range verdict.Rules(known) {
			if reason, at := c.Ignores(id, object); (reason == "") != (at == "") {
				t.Errorf("reason %q at %q", reason, at)
			}
		}
		c.Unused()
	})
}
