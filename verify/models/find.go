package models

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Subject is a workload, as far as entries match it.
type Subject struct {
	Kind string
	// Pods is the number of pods.
	Pods       int
	Labels     map[string]string
	Containers []Container
	// Config are the texts of the ConfigMaps and Secrets that the pods use.
	Config []string
	// Claims is set if each pod has a volume of its own.
	Claims bool
}

// Container is a container of a pod.
type Container struct {
	Image string
	// Command is the command line: the command and its arguments, joined by spaces.
	Command string
	// Env are the variables. The value is "" if it is not known.
	Env map[string]string
	// Ports are the declared ports.
	Ports []int32
}

// Found is the entry of a workload.
type Found struct {
	*Entry
	// Container is the index of the container that the entry matches.
	Container int
	// Needs is how many of the pods must be ready.
	Needs int
	// Settings are the variables of the formula with their values in the manifests, and Assumed those that no manifest shows.
	Settings, Assumed []string
	// Group is the value that the members of a cluster share, "" if it is not known. Members is the length of the list of
	// members, 0 if it is not known.
	Group   string
	Members int
	// Zones is the number of copies that are kept in different zones, 0 if that is not known.
	Zones int

	vars map[string]float64
}

// IsMember reports whether the pods form a cluster of members that know each other.
func (e *Entry) IsMember() bool {
	return len(e.PeerPorts) > 0 || slices.Contains([]string{"quorum", "elected", "copies"}, e.Model)
}

// NeedsOf returns how many of n pods must be ready; -1 if it follows from the model.
func (f *Found) NeedsOf(n int) int {
	if f.Entry.Needs == nil {
		return -1
	}
	vars := maps.Clone(f.vars)
	vars["n"] = float64(n)
	needs, err := f.Entry.Needs.pods(vars)
	if err != nil { // a setting out of range
		return n
	}
	return needs
}

// Find returns the entry of a workload, nil if none matches.
func Find(s Subject) *Found {
	for _, e := range All() {
		if at := e.matches(s); at >= 0 {
			return e.found(s, at)
		}
	}
	return nil
}

// Software returns the last part of an image's repository: nats for docker.io/library/nats:2.15.2-alpine@sha256:....
func Software(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := path.Base(image)
	name, _, _ = strings.Cut(name, ":")
	return name
}

// matches returns the index of the first container that the entry matches, -1 if there is none.
func (e *Entry) matches(s Subject) int {
	if !slices.Contains(e.Kinds, s.Kind) {
		return -1
	}
	for i, c := range s.Containers {
		if slices.ContainsFunc(e.Match, func(m Match) bool { return m.container(c) && m.pod(s) }) {
			return i
		}
	}
	return -1
}

func (m Match) container(c Container) bool {
	if !m.Image.found(Software(c.Image)) || !m.Args.found(c.Command) {
		return false
	}
	for _, env := range m.env {
		if !slices.ContainsFunc(sortedKeys(c.Env), func(name string) bool { return env.name.found(name) && env.value.found(c.Env[name]) }) {
			return false
		}
	}
	for _, p := range m.Ports {
		if !slices.Contains(c.Ports, p) {
			return false
		}
	}
	return true
}

func (m Match) pod(s Subject) bool {
	if m.Claims && !s.Claims {
		return false
	}
	for name, value := range m.Labels {
		if v, ok := s.Labels[name]; !ok || !value.found(v) {
			return false
		}
	}
	return !m.Config.isSet() || slices.ContainsFunc(s.Config, m.Config.found)
}

func (e *Entry) found(s Subject, at int) *Found {
	f := &Found{Entry: e, Container: at}
	vars := map[string]float64{"n": float64(s.Pods)}
	for _, name := range sortedKeys(e.Vars) {
		v := e.Vars[name]
		n, ok := v.number(s, at)
		vars[name] = float64(n)
		if text := fmt.Sprintf("%s %d", v.Setting, n); ok {
			f.Settings = append(f.Settings, text)
		} else {
			f.Assumed = append(f.Assumed, text)
		}
	}
	f.vars = vars
	f.Needs = f.NeedsOf(s.Pods)
	if e.Zones != nil {
		if _, ok := e.Zones.value(s, at); ok {
			if n, err := e.Copies.eval(vars); err == nil && n >= 1 && n <= 1000 {
				f.Zones = int(n)
			}
		}
	}
	if e.Group != nil {
		f.group(s, at)
	}
	return f
}

func (f *Found) group(s Subject, at int) {
	for _, by := range f.Entry.Group.By {
		value, ok := by.value(s, at)
		if !ok || value == "" {
			continue
		}
		f.Group = value
		if f.Entry.Group.Peers {
			f.Members = len(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '\n' }))
		}
		return
	}
}

// number returns the value of a variable; ok is false if no source has it. Two captures are the first and the last of a range.
func (v Var) number(s Subject, at int) (n int, ok bool) {
	for _, from := range v.From {
		captures, found := from.captures(s, at)
		if !found {
			continue
		}
		var numbers []int
		for _, text := range captures {
			if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= 1000 {
				numbers = append(numbers, n)
			}
		}
		switch {
		case len(numbers) == 1:
			return numbers[0], true
		case len(numbers) == 2 && numbers[1] >= numbers[0]:
			return numbers[1] - numbers[0] + 1, true
		}
	}
	return v.Else, false
}

// value returns the first capture of a source, or the whole value without a capture.
func (s Source) value(of Subject, at int) (text string, ok bool) {
	captures, ok := s.captures(of, at)
	if !ok {
		return "", false
	}
	return captures[0], true
}

func (s Source) captures(of Subject, at int) ([]string, bool) {
	c := of.Containers[at]
	if s.Env.Text != "" {
		for _, name := range sortedKeys(c.Env) {
			if s.Env.found(name) && c.Env[name] != "" {
				return capture(s.Value, c.Env[name])
			}
		}
		return nil, false
	}
	if s.Args.isSet() {
		return capture(s.Args, c.Command)
	}
	if s.Config.isSet() {
		for _, text := range of.Config {
			if captures, ok := capture(s.Config, text); ok {
				return captures, true
			}
		}
		return nil, false
	}
	v, ok := of.Labels[s.Label]
	return []string{v}, ok && s.Label != ""
}

// capture returns the captures of a pattern in a text, or the whole match if it has none. Without a pattern it returns the text.
func capture(p Pattern, text string) ([]string, bool) {
	if !p.isSet() {
		return []string{text}, true
	}
	found := p.regexp().FindStringSubmatch(text)
	switch len(found) {
	case 0:
		return nil, false
	case 1:
		return found, true
	}
	return found[1:], true
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
