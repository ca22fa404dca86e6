// Package models recognizes well-known software in pods and knows how many of its pods must be ready.
//
// The data is systems.yaml, an ordered list of entries: the first entry that matches a pod counts. An entry describes one role of
// a system. Each has an example, and sources for what it states.
package models

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Entry is one role of a system.
type Entry struct {
	// System and Role name the entry; Role is empty for software with one role.
	System string `yaml:"system"`
	Role   string `yaml:"role"`
	// Kinds are the kinds of workload that match. The default is StatefulSet.
	Kinds []string `yaml:"kinds"`
	// Match are the ways to recognize the role: one is enough.
	Match []Match `yaml:"match"`
	// Model is the replication model, or Unknown.
	Model string `yaml:"model"`
	// Vars are the variables of Needs.
	Vars map[string]Var `yaml:"vars"`
	// Needs is how many of n pods must be ready for writes, if it does not follow from the model.
	Needs *Formula `yaml:"needs"`
	// Zones is the sign that copies are kept in different zones, and Copies the number of copies. The failure of one zone then
	// counts as one lost copy.
	Zones  *Source  `yaml:"zones"`
	Copies *Formula `yaml:"copies"`
	// Group is how workloads that form one cluster are recognized.
	Group *Group `yaml:"group"`
	// NoData is set for members that vote and keep no data.
	NoData bool `yaml:"noData"`
	// SharesLoad is set for quorum members that each have a part of the data: their number follows from the load.
	SharesLoad bool `yaml:"sharesLoad"`
	// KeepsLog is set for quorum members that always keep a log of their own.
	KeepsLog bool `yaml:"keepsLog"`
	// ByHand is why a pod that restarts serves only once a person has acted; "" if it serves by itself.
	ByHand string `yaml:"byHand"`
	// PeerPorts are the ports between members.
	PeerPorts []int32 `yaml:"peerPorts"`
	// Why is the model in words, and Note a known trap.
	Why  string `yaml:"why"`
	Note string `yaml:"note"`
	// Certain is how the entry was established: see certainties.
	Certain string   `yaml:"certain"`
	Sources []string `yaml:"sources"`
	// Example is a pod that the entry matches, and no other entry before it.
	Example Example `yaml:"example"`
}

// Unknown is the model of software whose needs depend on settings that no manifest shows.
const Unknown = "unknown"

// modelNames are the valid models of an entry.
var modelNames = []string{"quorum", "elected", "copies", "shards", "standby", "stateless", "single", Unknown}

// certainties are how an entry was established, from the best: by reading the source or a chart, by reading documentation, or from
// experience, not looked up.
var certainties = []string{"source", "docs", "experience"}

// Match recognizes a role. All of its conditions must hold; image, args, env and ports for one container.
type Match struct {
	// Image matches the last part of the repository name as a whole.
	Image Whole `yaml:"image"`
	// Args is found in the command line.
	Args Pattern `yaml:"args"`
	// Env are variables: the name matches as a whole, and the value contains the pattern.
	Env map[string]Pattern `yaml:"env"`
	// Ports are declared, all of them.
	Ports []int32 `yaml:"ports"`
	// Config is found in a mounted ConfigMap or Secret, or one that sets environment variables.
	Config Pattern `yaml:"config"`
	// Labels are labels of the pod: the value matches as a whole.
	Labels map[string]Whole `yaml:"labels"`
	// Claims is set if the pods have a volume of their own each.
	Claims bool `yaml:"claims"`

	env []envMatch
}

// envMatch is a compiled condition on a variable.
type envMatch struct {
	name  Whole
	value Pattern
}

// Group is how workloads that form one cluster are recognized: by an equal value.
type Group struct {
	By []Source `yaml:"by"`
	// Peers is set if the value is a list of all members, separated by commas or spaces.
	Peers bool `yaml:"peers"`
	// Unique is set if no two clusters of a namespace have the same value. It is implied by Peers. Without it, members also have the
	// same release, and only one of them has data if the release is not known.
	Unique bool `yaml:"unique"`
	// Zones is set if pods may be missing in one of the workloads only: each is a zone of the software. The workloads then differ
	// by a suffix of the name.
	Zones bool `yaml:"zones"`
}

// Source is a place of a value: the first capture of a pattern.
type Source struct {
	// Env is the name of a variable, and Value the pattern in its value.
	Env   Whole   `yaml:"env"`
	Value Pattern `yaml:"value"`
	// Args is a pattern in the command line, Config one in the configuration.
	Args   Pattern `yaml:"args"`
	Config Pattern `yaml:"config"`
	// Label is the name of a label.
	Label string `yaml:"label"`
}

// Var is a variable of a formula.
type Var struct {
	// Setting is the name of the setting, for people.
	Setting string   `yaml:"setting"`
	From    []Source `yaml:"from"`
	// Else is the value without the setting.
	Else int `yaml:"else"`
}

// Example is a pod, for tests and documentation.
type Example struct {
	Kind   string            `yaml:"kind"`
	Image  string            `yaml:"image"`
	Args   string            `yaml:"args"`
	Env    map[string]string `yaml:"env"`
	Ports  []int32           `yaml:"ports"`
	Config string            `yaml:"config"`
	Labels map[string]string `yaml:"labels"`
	Claims bool              `yaml:"claims"`
	// Needs is how many of the pods are needed, by number of pods.
	Needs map[int]int `yaml:"needs"`
}

// Pattern is a regular expression that is found anywhere in a text. An empty one is found in every text. It is compiled when it is
// first needed: most patterns are those of software that the input does not have.
type Pattern struct {
	text     string
	compiled func() (*regexp.Regexp, error)
}

// UnmarshalText sets the pattern. Entry.validate reports an invalid one.
func (p *Pattern) UnmarshalText(text []byte) error {
	pattern := string(text)
	p.text = pattern
	p.compiled = sync.OnceValues(func() (*regexp.Regexp, error) { return regexp.Compile(pattern) })
	return nil
}

func (p Pattern) String() string { return p.text }

func (p Pattern) isSet() bool { return p.compiled != nil }

// regexp returns the compiled pattern, which must be set and valid.
func (p Pattern) regexp() *regexp.Regexp {
	re, err := p.compiled()
	if err != nil {
		panic(err) // validate has compiled the patterns of the embedded file in a test
	}
	return re
}

func (p Pattern) validate() error {
	if !p.isSet() {
		return nil
	}
	_, err := p.compiled()
	return err
}

func (p Pattern) found(text string) bool { return !p.isSet() || p.regexp().MatchString(text) }

// Whole is a regular expression that matches a text as a whole.
type Whole struct {
	Text string
	Pattern
	// literals are the texts that match, if the pattern is a list of them.
	literals []string
}

// UnmarshalText sets the pattern.
func (p *Whole) UnmarshalText(text []byte) error {
	p.Text = string(text)
	if literals := strings.Split(p.Text, "|"); !slices.ContainsFunc(literals, func(l string) bool { return regexp.QuoteMeta(l) != l }) {
		p.literals = literals
	}
	return p.Pattern.UnmarshalText([]byte("^(?:" + p.Text + ")$"))
}

func (p Whole) found(text string) bool {
	if p.literals != nil {
		return slices.Contains(p.literals, text)
	}
	return p.Pattern.found(text)
}

//go:embed systems.yaml
var systems []byte

// All returns the entries in order. Callers must not change them.
var All = sync.OnceValue(func() []*Entry {
	list, err := decode("systems.yaml", systems)
	if err != nil {
		panic(err) // a test parses and validates the embedded file
	}
	return list
})

// decode reads entries, and sets their defaults.
func decode(file string, text []byte) ([]*Entry, error) {
	var list []*Entry
	if err := strict.Decode(file, text, &list); err != nil {
		return nil, err
	}
	for i, e := range list {
		if e == nil {
			return nil, fmt.Errorf("%s: entry %d is empty", file, i+1)
		}
		e.complete()
	}
	return list, nil
}

// parse reads and validates entries. Errors have file and line, or the entry.
func parse(file string, text []byte) ([]*Entry, error) {
	list, err := decode(file, text)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if err := e.validate(); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, e, err)
		}
	}
	return list, nil
}

// complete sets the defaults of an entry.
func (e *Entry) complete() {
	if len(e.Kinds) == 0 {
		e.Kinds = []string{"StatefulSet"}
	}
	for i := range e.Match {
		m := &e.Match[i]
		for _, name := range sortedKeys(m.Env) {
			env := envMatch{value: m.Env[name]}
			_ = env.name.UnmarshalText([]byte(name)) // it returns no error
			m.env = append(m.env, env)
		}
	}
}

func (e *Entry) validate() error {
	switch {
	case e.System == "":
		return fmt.Errorf("system is missing")
	case len(e.Match) == 0:
		return fmt.Errorf("match is missing")
	case !slices.Contains(modelNames, e.Model):
		return fmt.Errorf("model is %q: want one of %s", e.Model, strings.Join(modelNames, ", "))
	case !slices.Contains(certainties, e.Certain):
		return fmt.Errorf("certain is %q: want one of %s", e.Certain, strings.Join(certainties, ", "))
	case e.Why == "":
		return fmt.Errorf("why is missing")
	case len(e.Sources) == 0 && e.Certain != "experience":
		return fmt.Errorf("sources are missing")
	case e.Model == "copies" && e.Needs == nil:
		return fmt.Errorf("needs is missing: copies do not say how many pods are needed")
	case (e.Zones == nil) != (e.Copies == nil):
		return fmt.Errorf("zones and copies belong together")
	}
	for name, v := range e.Vars {
		if v.Setting == "" {
			return fmt.Errorf("vars.%s: setting is missing", name)
		}
	}
	for _, f := range []*Formula{e.Needs, e.Copies} {
		if f == nil {
			continue
		}
		if _, err := f.eval(e.defaults(3)); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return e.validatePatterns()
}

func (e *Entry) validatePatterns() error {
	var all []Pattern
	for _, m := range e.Match {
		all = append(all, m.Image.Pattern, m.Args, m.Config)
		for _, env := range m.env {
			if err := env.name.validate(); err != nil {
				return fmt.Errorf("match.env.%s: %w", env.name.Text, err)
			}
			all = append(all, env.value)
		}
		for _, name := range sortedKeys(m.Labels) {
			all = append(all, m.Labels[name].Pattern)
		}
	}
	var sources []Source
	if e.Group != nil {
		sources = append(sources, e.Group.By...)
	}
	if e.Zones != nil {
		sources = append(sources, *e.Zones)
	}
	for _, name := range sortedKeys(e.Vars) {
		sources = append(sources, e.Vars[name].From...)
	}
	for _, s := range sources {
		all = append(all, s.Env.Pattern, s.Value, s.Args, s.Config)
	}
	for _, p := range all {
		if err := p.validate(); err != nil {
			return err
		}
	}
	return nil
}

// defaults are the variables without any setting.
func (e *Entry) defaults(n int) map[string]float64 {
	vars := map[string]float64{"n": float64(n)}
	for name, v := range e.Vars {
		vars[name] = float64(v.Else)
	}
	return vars
}

// String is the system and the role.
func (e *Entry) String() string { return strings.TrimSpace(e.System + " " + e.Role) }
