package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Load reads every *.yaml of fsys as a profile, ordered by the number of failure domains that it survives. Errors name the
// file and the key.
func Load(fsys fs.FS) ([]Profile, error) {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no profiles: each is a file NAME.yaml")
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

// Parse reads one profile from text. file is its name in errors; its base name must be the name of the profile.
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

// Find returns the profile with a name, or an error that lists the names of all.
func Find(all []Profile, name string) (Profile, error) {
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q: choose one of %s", name, strings.Join(Names(all), ", "))
}

// Select returns the profiles with these names, in the order of the names. No name, or a name twice, is an error.
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

// Names returns the names of profiles, in order.
func Names(all []Profile) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name
	}
	return names
}

// nameFormat is the format of a failure domain's name, which is part of the names of events and rules: "claim-lose-rack".
var nameFormat = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

func (p Profile) validate(base string) error {
	switch {
	case p.Name != base:
		return fmt.Errorf("name: is %q, but the file name is %q", p.Name, base)
	case p.Needs.Nodes < 1:
		return fmt.Errorf("needs.nodes: must be 1 or more, got %d", p.Needs.Nodes)
	case p.Replicas.Standby < 1 || p.Replicas.Stateless < 1:
		return fmt.Errorf("replicas: standby and stateless must be 1 or more")
	case p.Replicas.Quorum < 1 || p.Replicas.Quorum%2 == 0:
		return fmt.Errorf("replicas.quorum: must be odd, got %d: an additional even member does not survive more failures", p.Replicas.Quorum)
	case p.EvictAfterSeconds < 0:
		return fmt.Errorf("evictAfterSeconds: must not be negative, got %d", p.EvictAfterSeconds)
	}
	for i, d := range p.Survives {
		if err := p.validateDomain(d); err != nil {
			return fmt.Errorf("survives[%d]: %w", i, err)
		}
		for j, other := range p.Survives[:i] {
			if other.Label == d.Label {
				return fmt.Errorf("survives[%d]: label: %s is also the label of survives[%d]: each failure domain needs its own", i, d.Label, j)
			}
		}
	}
	for i, d := range p.Prefers {
		switch {
		case d.Name == "" || d.Label == "":
			return fmt.Errorf("prefers[%d]: name and label must be set", i)
		case slices.ContainsFunc(p.Survives, func(s Domain) bool { return s.Label == d.Label }):
			return fmt.Errorf("prefers[%d]: label: %s is a failure domain in survives: remove it", i, d.Label)
		}
	}
	return nil
}

func (p Profile) validateDomain(d Domain) error {
	switch {
	case d.Name == "" || d.Label == "":
		return fmt.Errorf("name and label must be set")
	case !nameFormat.MatchString(d.Name):
		return fmt.Errorf("name: is %q: want lower-case letters, digits and -, like rack", d.Name)
	case d.Domains < 3:
		return fmt.Errorf("domains: must be 3 or more, got %d: with two %ss, one of them has the majority of every quorum", d.Domains, d.Name)
	case d.Domains > p.Needs.Nodes:
		return fmt.Errorf("domains: %d %ss need as many nodes, but needs.nodes is %d", d.Domains, d.Name, p.Needs.Nodes)
	case d.Name == "zone" && d.Domains > p.Needs.Zones:
		return fmt.Errorf("domains: %d zones, but needs.zones is %d", d.Domains, p.Needs.Zones)
	case p.Replicas.Quorum < 3 || p.Replicas.Standby < 2 || p.Replicas.Stateless < 2:
		return fmt.Errorf("replicas: surviving the failure of a %s takes at least 3 quorum members, 2 standby pods and 2 stateless pods", d.Name)
	}
	return nil
}
