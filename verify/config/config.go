// Package config reads the config file of verify: the requirement, the cluster, and the ignored rules.
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
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/internal/similar"
	"github.com/holdfast-ha/holdfast/internal/strict"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// File is the config file of verify. Flags take precedence over its keys.
type File struct {
	// Survives is the requirement: node, zone, or NAME=LABEL for nodes with the same value of a label.
	Survives Text `yaml:"survives" json:"survives"`
	// Within is the longest outage that the requirement allows, like 2m. By default no workload may become unavailable.
	Within Text `yaml:"within" json:"within"`
	// AsPlaced is whether to accept a requirement that holds for the simulated or running placement only.
	AsPlaced bool `yaml:"asPlaced" json:"asPlaced"`
	// Cluster is the path of a cluster file, relative to the config. It excludes nodes and zones.
	Cluster Text `yaml:"cluster" json:"cluster"`
	// Nodes is the number of equal nodes.
	Nodes *int `yaml:"nodes" json:"nodes"`
	// Zones is the number of zones of the nodes.
	Zones *int `yaml:"zones" json:"zones"`
	// Detection is the time until the control plane detects a node failure, like 40s.
	Detection Text `yaml:"detection" json:"detection"`
	// KubeVersion is the version of Kubernetes to simulate, like 1.37.
	KubeVersion Text `yaml:"kubeVersion" json:"kubeVersion"`
	// Replication are the replication models of workloads, by KIND/NAME.
	Replication map[string]Text `yaml:"replication" json:"replication"`
	// Ignore are the findings that do not count. Of several entries that match, the first applies.
	Ignore []Ignore `yaml:"ignore" json:"ignore"`
}

// Ignore is a set of findings that do not count, with the reason.
type Ignore struct {
	// Rule is the ID of a rule, with * for any text. It is required.
	Rule Text `yaml:"rule" json:"rule"`
	// Objects are KIND/NAME or KIND/NAMESPACE/NAME, with * for any text but a slash. By default all objects match.
	Objects Text `yaml:"objects" json:"objects"`
	// Reason is why the findings do not count. It is required.
	Reason Text `yaml:"reason" json:"reason"`
}

// Text is a value with its line.
type Text struct {
	text string
	line int
}

// UnmarshalYAML reads the value and its line.
func (w *Text) UnmarshalYAML(n *yaml.Node) error {
	w.line = n.Line
	return n.Decode(&w.text)
}

// Config is the content of a File. Missing keys are zero values.
type Config struct {
	// Requirement is survives, within and asPlaced.
	Requirement  verdict.Requirement
	Cluster      string
	Nodes, Zones *int
	// Detection is the time until the control plane detects a node failure; 0: its default.
	Detection time.Duration
	// Version is the version of Kubernetes; zero: not given.
	Version cluster.Version
	// Replication is the replication model of workloads, by "KIND/NAME".
	Replication map[string]string

	file    string
	lines   map[string]int // of replication
	ignores []ignore
}

// ignore matches findings and breaches to ignore.
type ignore struct {
	// rule and objects are patterns with *; objects of "KIND/NAME" or "KIND/NAMESPACE/NAME".
	rule, objects, reason string
	line                  int
	used                  bool
}

// Parse reads a config. Its requirement may name node, zone and the domains in known. Errors start with file, line and key.
func Parse(file string, text []byte, known []cluster.Domain) (*Config, error) {
	var in File
	if err := strict.Decode(file, text, &in); err != nil {
		return nil, err
	}
	c := &Config{Nodes: in.Nodes, Zones: in.Zones, Replication: map[string]string{}, file: file, lines: map[string]int{}}
	var err error
	if c.Requirement, err = verdict.ParseRequirement(in.Survives.text, known); err != nil {
		return nil, fmt.Errorf("%s:%d: survives: %w", file, in.Survives.line, err)
	}
	c.Requirement.AsPlaced = in.AsPlaced
	rules := verdict.Rules(slices.Concat(known, c.Requirement.Others()))
	if in.Cluster.text != "" {
		if c.Nodes != nil || c.Zones != nil {
			return nil, fmt.Errorf("%s:%d: cluster: the file defines the nodes: remove nodes and zones", file, in.Cluster.line)
		}
		c.Cluster = filepath.Join(filepath.Dir(file), filepath.FromSlash(in.Cluster.text))
		if filepath.IsAbs(in.Cluster.text) {
			c.Cluster = in.Cluster.text
		}
	}
	for _, d := range []struct {
		key  string
		text Text
		into *time.Duration
	}{{"within", in.Within, &c.Requirement.Within}, {"detection", in.Detection, &c.Detection}} {
		if d.text.text == "" {
			continue
		}
		if *d.into, err = time.ParseDuration(d.text.text); err != nil || *d.into <= 0 {
			return nil, fmt.Errorf("%s:%d: %s: is %q: want a positive duration, like 40s or 1m", file, d.text.line, d.key, d.text.text)
		}
	}
	if in.KubeVersion.line > 0 {
		if c.Version, err = cluster.ParseVersion(in.KubeVersion.text); err != nil {
			return nil, fmt.Errorf("%s:%d: kubeVersion: %w", file, in.KubeVersion.line, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Replication)) {
		model := in.Replication[name]
		if _, err := workload.ParseReplication(model.text); err != nil {
			return nil, fmt.Errorf("%s:%d: replication.%s: %w", file, model.line, name, err)
		}
		c.Replication[name], c.lines[name] = model.text, model.line
	}
	for i, s := range in.Ignore {
		entry := ignore{rule: s.Rule.text, objects: s.Objects.text, reason: s.Reason.text, line: cmp.Or(s.Rule.line, s.Objects.line, s.Reason.line)}
		if err := entry.check(rules); err != nil {
			place := file
			if entry.line > 0 {
				place = fmt.Sprintf("%s:%d", file, entry.line)
			}
			return nil, fmt.Errorf("%s: ignore[%d].%w", place, i, err)
		}
		c.ignores = append(c.ignores, entry)
	}
	return c, nil
}

// list is where all rules are listed.
const list = "docs/rules.md lists all rules, and a report as JUnit or SARIF has them, too"

// check returns an error that starts with the key.
func (g ignore) check(rules []string) error {
	if g.rule == "" {
		return fmt.Errorf("rule: is missing: want an ID like %s; %s", rules[0], list)
	}
	switch {
	case strings.TrimSpace(g.reason) == "":
		return fmt.Errorf("reason: is missing: write why %s does not count", g.rule)
	case !strings.ContainsFunc(g.reason, unicode.IsLetter):
		return fmt.Errorf("reason: is %q: write why %s does not count", g.reason, g.rule)
	}
	if _, err := path.Match(g.rule, ""); err != nil {
		return fmt.Errorf("rule: is %q: %w", g.rule, err)
	}
	if _, err := path.Match(g.objects, ""); err != nil {
		return fmt.Errorf("objects: is %q: %w", g.objects, err)
	}
	if !slices.ContainsFunc(rules, func(id string) bool { return matches(g.rule, id) }) {
		return fmt.Errorf("rule: unknown rule %q: %s%s", g.rule, similar.Hint(g.rule, rules), list)
	}
	return nil
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// Ignores returns the reason to ignore a rule for an object ("Kind namespace/name" or "Kind name"), and its position; both are ""
// if no entry matches. The first matching entry applies.
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

// Unused returns a sentence for each entry that matched no call of Ignores.
func (c *Config) Unused() []string {
	var all []string
	for i, g := range c.ignores {
		if !g.used {
			all = append(all, fmt.Sprintf("%s:%d: ignore[%d] (%s) matches nothing: remove it", c.file, g.line, i, g.rule))
		}
	}
	return all
}

// At returns the position of the replication of a workload; "" if it is not from the file.
func (c *Config) At(workload string) string {
	if line, ok := c.lines[workload]; ok {
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
