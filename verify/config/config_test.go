package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	claims = []string{"node", "zone"}
	ids    = []string{"a-rule", "another", "claim-roll"}
)

func TestParse(t *testing.T) {
	c, err := Parse("dir/v.yaml", []byte(`
survives: zone
cluster: ../nodes.yaml
detection: 40s
replication:
  StatefulSet/store: quorum
ignore:
  - rule: a-rule
    objects: Deployment/web-*
    reason: one
  - {rule: claim-*, reason: two}
  - {rule: another, objects: "*/events/*", reason: three}
`), claims, ids)
	if err != nil {
		t.Fatal(err)
	}
	if c.Survives != "zone" || c.Cluster != "nodes.yaml" || c.Detection != 40*time.Second || c.Replication["StatefulSet/store"] != "quorum" || c.At("StatefulSet/store") != "dir/v.yaml:6" || c.At("Pod/a") != "" {
		t.Errorf("%+v", c)
	}
	for _, ask := range []struct{ rule, object, reason, at string }{
		{"a-rule", "Deployment web-1", "one", "dir/v.yaml:8"},
		{"a-rule", "Deployment events/web-1", "one", "dir/v.yaml:8"},
		{"a-rule", "Deployment web", "", ""},
		{"a-rule", "StatefulSet web-1", "", ""},
		{"claim-roll", "Pod a", "two", "dir/v.yaml:11"},
		{"another", "Pod other/a", "", ""},
		{"another", "Pod a", "", ""},
	} {
		if reason, at := c.Ignores(ask.rule, ask.object); reason != ask.reason || at != ask.at {
			t.Errorf("%s of %s: %q %q", ask.rule, ask.object, reason, at)
		}
	}
	if unused := c.Unused(); !slices.Equal(unused, []string{"dir/v.yaml:12: ignore[2] (another) ignores nothing: take it away"}) {
		t.Errorf("unused are %q", unused)
	}
	c, err = Parse("v.yaml", []byte("nodes: 6\nzones: 0\nwithin: 2m\n"), claims, ids)
	if err != nil || c.Within != 2*time.Minute || *c.Nodes != 6 || *c.Zones != 0 || len(c.Unused()) > 0 {
		t.Errorf("%+v %v", c, err)
	}
	if c, err = Parse("dir/v.yaml", []byte("cluster: /etc/nodes.yaml"), claims, ids); err != nil || c.Cluster != "/etc/nodes.yaml" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "v.yaml: is empty",
		"survive: node":                         "v.yaml:1: unknown key survive",
		"survives: region":                      `v.yaml:1: survives: is "region": want one of node, zone`,
		"survives: [node]":                      "v.yaml:1: survives: is a list: want text",
		"nodes: many":                           `v.yaml:1: nodes: is "many": want a whole number`,
		"nodes: 3\ncluster: a.yaml":             "v.yaml:2: cluster: says which nodes there are: take nodes and zones away",
		"nodes: 3\ndetection: 40":               `v.yaml:2: detection: is "40": want a time`,
		"detection: -1s":                        `v.yaml:1: detection: is "-1s": want a time`,
		"within: 2":                             `v.yaml:1: within: is "2": want a time`,
		"survives: node\nwithin: 0s":            `v.yaml:2: within: is "0s": want a time`,
		"detection: 0s":                         `v.yaml:1: detection: is "0s": want a time`,
		"replication:\n  Pod/b: x\n  Pod/a: y":  `v.yaml:3: replication.Pod/a: is "y": want one of quorum, standby`,
		"ignore:\n  - {reason: a}":              "v.yaml:2: ignore[0].rule: is missing: want one of a-rule",
		"ignore: [{}]":                          "v.yaml: ignore[0].rule: is missing",
		"ignore:\n  - rule: a-rule":             "v.yaml:2: ignore[0].reason: is missing: say why a-rule does not count",
		"ignore: [{rule: a-rule, reason: ' '}]": "v.yaml:1: ignore[0].reason: is missing",
		"ignore: [{rule: a-rul, reason: a}]":    `v.yaml:1: ignore[0].rule: there is no rule "a-rul": want one of a-rule`,
		"ignore: [{rule: 'a[', reason: a}]":     `v.yaml:1: ignore[0].rule: is "a[": syntax error in pattern`,
		"ignore: [{rule: a-rule, objects: '[', reason: a}]": `v.yaml:1: ignore[0].objects: is "[": syntax error in pattern`,
		"ignore: [{rule: a-rule, object: a, reason: a}]":    "v.yaml:1: unknown key object",
	} {
		if _, err := Parse("v.yaml", []byte(text), claims, ids); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("survives: zone\ncluster: a\nreplication: {Pod/a: single}\nignore: [{rule: '*', objects: 'Pod/*', reason: a}]", "Pod a/b")
	f.Fuzz(func(t *testing.T, text, object string) {
		c, err := Parse("fuzz.yaml", []byte(text), claims, ids)
		if err != nil {
			return
		}
		for _, id := range ids {
			if reason, at := c.Ignores(id, object); (reason == "") != (at == "") {
				t.Errorf("reason %q at %q", reason, at)
			}
		}
		c.Unused()
	})
}
