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

// Pattern is a regular expression that is found anywhere in a text. An empty one is found in every text.
type Pattern struct{ *regexp.Regexp }

// UnmarshalText parses a pattern.
func (p *Pattern) UnmarshalText(text []byte) (err error) {
	p.Regexp, err = regexp.Compile(string(text))
	return err
}

func (p Pattern) found(text string) bool { return p.Regexp == nil || p.MatchString(text) }

// Whole is a regular expression that matches a text as a whole.
type Whole struct {
	Text string
	Pattern
}

// UnmarshalText parses a pattern.
func (p *Whole) UnmarshalText(text []byte) error {
	p.Text = string(text)
	return p.Pattern.UnmarshalText([]byte("^(?:" + p.Text + ")$"))
}

//go:embed systems.yaml
var systems []byte

// All returns the entries in order. Callers must not change them.
var All = sync.OnceValue(func() []*Entry {
	list, err := parse("systems.yaml", systems)
	if err != nil {
		panic(err) // a test parses the embedded file
	}
	return list
})

// parse reads entries. Errors have file and line, or the entry.
func parse(file string, text []byte) ([]*Entry, error) {
	var list []*Entry
	if err := strict.Decode(file, text, &list); err != nil {
		return nil, err
	}
	for i, e := range list {
		if e == nil {
			return nil, fmt.Errorf("%s: entry %d is empty", file, i+1)
		}
		if err := e.complete(); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, e, err)
		}
	}
	return list, nil
}

// complete validates an entry and sets its defaults.
func (e *Entry) complete() error {
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
	if len(e.Kinds) == 0 {
		e.Kinds = []string{"StatefulSet"}
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
	for i := range e.Match {
		m := &e.Match[i]
		for _, name := range sortedKeys(m.Env) {
			env := envMatch{value: m.Env[name]}
			if err := env.name.UnmarshalText([]byte(name)); err != nil {
				return fmt.Errorf("match.env.%s: %w", name, err)
			}
			m.env = append(m.env, env)
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
