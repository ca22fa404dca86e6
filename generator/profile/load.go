package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Load reads every *.yaml of fsys as a profile, strictly, ordered from the least to the most survived.
// Errors name the file and the key.
func Load(fsys fs.FS) ([]Profile, error) {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no profile here: each is a file <name>.yaml")
	}
	var all []Profile
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		p, err := Parse(file, text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b Profile) int { return len(a.Survives) - len(b.Survives) })
	return all, nil
}

// Parse decodes one profile from text; file is its name in errors, and its base name must be the profile's.
func Parse(file string, text []byte) (Profile, error) {
	var p Profile
	if err := strict.Decode(file, text, &p); err != nil {
		return Profile{}, err
	}
	if err := p.validate(strings.TrimSuffix(path.Base(file), ".yaml")); err != nil {
		return Profile{}, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// Find returns the profile called name, or an error that lists the names there are.
func Find(all []Profile, name string) (Profile, error) {
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q: choose one of %s", name, strings.Join(Names(all), ", "))
}

// Select returns the profiles of the given names, in their order. At least one name must be given, and none twice.
func Select(all []Profile, names []string) ([]Profile, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("no profile: name at least one of %s", strings.Join(Names(all), ", "))
	}
	var selected []Profile
	for i, name := range names {
		p, err := Find(all, name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("%q is named twice", name)
		}
		selected = append(selected, p)
	}
	return selected, nil
}

// Names lists the profiles' names in their order.
func Names(all []Profile) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name
	}
	return names
}

func (p Profile) validate(base string) error {
	switch {
	case p.Name != base:
		return fmt.Errorf("name: is %q, but the file is called %q", p.Name, base)
	case p.Needs.Nodes < 1:
		return fmt.Errorf("needs.nodes: must be 1 or more, got %d", p.Needs.Nodes)
	case p.Replicas.Standby < 1 || p.Replicas.Stateless < 1:
		return fmt.Errorf("replicas: standby and stateless must be 1 or more")
	case p.Replicas.Quorum < 1 || p.Replicas.Quorum%2 == 0:
		return fmt.Errorf("replicas.quorum: must be odd, got %d: an even voter adds a way to fail and no failure to survive", p.Replicas.Quorum)
	case p.EvictAfterSeconds < 0:
		return fmt.Errorf("evictAfterSeconds: must not be negative, got %d", p.EvictAfterSeconds)
	}
	for i, d := range p.Survives {
		if err := p.validateDomain(d); err != nil {
			return fmt.Errorf("survives[%d]: %w", i, err)
		}
		for j, other := range p.Survives[:i] {
			if other.Label == d.Label {
				return fmt.Errorf("survives[%d]: label: %s is survives[%d]'s: each kind of domain has a label of its own", i, d.Label, j)
			}
		}
	}
	return nil
}

func (p Profile) validateDomain(d Domain) error {
	switch {
	case d.Name == "" || d.Label == "":
		return fmt.Errorf("name and label must be set")
	case d.Domains < 3:
		return fmt.Errorf("domains: must be 3 or more, got %d: with two %ss one of them holds the majority of every quorum", d.Domains, d.Name)
	case d.Domains > p.Needs.Nodes:
		return fmt.Errorf("domains: %d %ss cannot be told apart on needs.nodes: %d", d.Domains, d.Name, p.Needs.Nodes)
	case d.Name == "zone" && d.Domains > p.Needs.Zones:
		return fmt.Errorf("domains: %d zones, but needs.zones is %d", d.Domains, p.Needs.Zones)
	case p.Replicas.Quorum < 3 || p.Replicas.Standby < 2 || p.Replicas.Stateless < 2:
		return fmt.Errorf("replicas: surviving a %s takes 3 voters, 2 standbys and 2 stateless pods at least", d.Name)
	}
	return nil
}
