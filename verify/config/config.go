// Package config reads the file that says how a system is to be verified, for those who do so again and again.
package config

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Config is what a file says:
//
//	survives: zone            # the claim
//	within: 2m                # how long a workload may be away for it
//	cluster: nodes.yaml       # a cluster file, from the folder of this one; or nodes and zones
//	detection: 40s            # until the control plane knows that a node is silent
//	replication:
//	  StatefulSet/store: quorum
//	ignore:
//	  - rule: budget-blocks-drain
//	    objects: PodDisruptionBudget/api
//	    reason: the API may stop at night
//
// What is not said is "", nil or empty.
type Config struct {
	// Requirement is survives and within.
	Requirement  verdict.Requirement
	Cluster      string
	Nodes, Zones *int
	// Detection is how long it takes until the control plane knows that a node is silent.
	Detection time.Duration
	// Replication is the model of workloads, by "KIND/NAME".
	Replication map[string]string

	file    string
	lines   map[string]int // of replication
	ignores []ignore
}

// ignore says of findings that they do not count.
type ignore struct {
	// rule and objects are patterns, * for any part of a name; objects of "KIND/NAME" or "KIND/NAMESPACE/NAME".
	rule, objects, reason string
	line                  int
	used                  bool
}

// word is text that remembers its line.
type word struct {
	text string
	line int
}

func (w *word) UnmarshalYAML(n *yaml.Node) error {
	w.line = n.Line
	return n.Decode(&w.text)
}

// Parse reads a config. Its requirement may name node, zone and the domains in known. Errors name file, line and key.
func Parse(file string, text []byte, known []cluster.Domain) (*Config, error) {
	var said struct {
		Survives    word            `yaml:"survives"`
		Within      word            `yaml:"within"`
		Cluster     word            `yaml:"cluster"`
		Nodes       *int            `yaml:"nodes"`
		Zones       *int            `yaml:"zones"`
		Detection   word            `yaml:"detection"`
		Replication map[string]word `yaml:"replication"`
		Ignore      []struct {
			Rule    word `yaml:"rule"`
			Objects word `yaml:"objects"`
			Reason  word `yaml:"reason"`
		} `yaml:"ignore"`
	}
	if err := strict.Decode(file, text, &said); err != nil {
		return nil, err
	}
	c := &Config{Nodes: said.Nodes, Zones: said.Zones, Replication: map[string]string{}, file: file, lines: map[string]int{}}
	var err error
	if c.Requirement, err = verdict.ParseRequirement(said.Survives.text, known); err != nil {
		return nil, fmt.Errorf("%s:%d: survives: %w", file, said.Survives.line, err)
	}
	rules := verdict.Rules(slices.Concat(known, c.Requirement.Others()))
	if said.Cluster.text != "" {
		if c.Nodes != nil || c.Zones != nil {
			return nil, fmt.Errorf("%s:%d: cluster: says which nodes there are: take nodes and zones away", file, said.Cluster.line)
		}
		c.Cluster = filepath.Join(filepath.Dir(file), filepath.FromSlash(said.Cluster.text))
		if filepath.IsAbs(said.Cluster.text) {
			c.Cluster = said.Cluster.text
		}
	}
	for _, d := range []struct {
		key  string
		said word
		into *time.Duration
	}{{"within", said.Within, &c.Requirement.Within}, {"detection", said.Detection, &c.Detection}} {
		if d.said.text == "" {
			continue
		}
		if *d.into, err = time.ParseDuration(d.said.text); err != nil || *d.into <= 0 {
			return nil, fmt.Errorf("%s:%d: %s: is %q: want a time, 40s or 1m", file, d.said.line, d.key, d.said.text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(said.Replication)) {
		model := said.Replication[name]
		if _, err := workload.ParseModel(model.text); err != nil {
			return nil, fmt.Errorf("%s:%d: replication.%s: %w", file, model.line, name, err)
		}
		c.Replication[name], c.lines[name] = model.text, model.line
	}
	for i, s := range said.Ignore {
		one := ignore{rule: s.Rule.text, objects: s.Objects.text, reason: s.Reason.text, line: cmp.Or(s.Rule.line, s.Objects.line, s.Reason.line)}
		if err := one.check(rules); err != nil {
			place := file
			if one.line > 0 {
				place = fmt.Sprintf("%s:%d", file, one.line)
			}
			return nil, fmt.Errorf("%s: ignore[%d].%w", place, i, err)
		}
		c.ignores = append(c.ignores, one)
	}
	return c, nil
}

// check begins an error with the key.
func (g ignore) check(rules []string) error {
	if g.rule == "" {
		return fmt.Errorf("rule: is missing: want one of %s", strings.Join(rules, ", "))
	}
	if strings.TrimSpace(g.reason) == "" {
		return fmt.Errorf("reason: is missing: say why %s does not count", g.rule)
	}
	if _, err := path.Match(g.rule, ""); err != nil {
		return fmt.Errorf("rule: is %q: %w", g.rule, err)
	}
	if _, err := path.Match(g.objects, ""); err != nil {
		return fmt.Errorf("objects: is %q: %w", g.objects, err)
	}
	if !slices.ContainsFunc(rules, func(id string) bool { return matches(g.rule, id) }) {
		return fmt.Errorf("rule: there is no rule %q: want one of %s", g.rule, strings.Join(rules, ", "))
	}
	return nil
}

func matches(pattern, name string) bool {
	is, err := path.Match(pattern, name)
	return is && err == nil
}

// Ignores is the reason why a rule does not count for an object, "Kind namespace/name" or "Kind name", and the line where it
// stands; both are "" if it counts. The first that fits is taken.
func (c *Config) Ignores(rule, object string) (reason, at string) {
	kind, name, _ := strings.Cut(object, " ")
	whole, short := kind+"/"+name, kind+"/"+path.Base(name)
	for i := range c.ignores {
		g := &c.ignores[i]
		if matches(g.rule, rule) && (g.objects == "" || matches(g.objects, whole) || matches(g.objects, short)) {
			g.used = true
			return g.reason, fmt.Sprintf("%s:%d", c.file, g.line)
		}
	}
	return "", ""
}

// Unused are the lines of what Ignores was never asked for: they can go.
func (c *Config) Unused() []string {
	var all []string
	for i, g := range c.ignores {
		if !g.used {
			all = append(all, fmt.Sprintf("%s:%d: ignore[%d] (%s) ignores nothing: take it away", c.file, g.line, i, g.rule))
		}
	}
	return all
}

// At is where the replication of a workload stands; "" if it is not said here.
func (c *Config) At(workload string) string {
	if line, is := c.lines[workload]; is {
		return fmt.Sprintf("%s:%d", c.file, line)
	}
	return ""
}

// SetReplication overrides the replication of workloads, by "KIND/NAME".
func (c *Config) SetReplication(models map[string]string) {
	if c.Replication == nil {
		c.Replication = map[string]string{}
	}
	for name, model := range models {
		c.Replication[name] = model
		delete(c.lines, name)
	}
}
