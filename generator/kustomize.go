package generator

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/kustomize"
	"github.com/holdfast-ha/holdfast/generator/profile"
)

// Kustomize renders the chart under each of some profiles, and returns a folder for Kustomize: a base with the first
// profile, a component and an overlay for each other one. It contains no Helm hooks, and only the names of Secrets.
// Values that one of the profiles refuses are an error that names the profile.
func (c *Chart) Kustomize(o Options, profiles []profile.Profile) (map[string][]byte, error) {
	s := kustomize.System{Stack: c.Stack, Release: o.Release, Namespace: o.Namespace}
	o.NoHooks = true
	for i, p := range profiles {
		under := o.WithProfile(p.Name)
		objects, err := c.Render(under)
		if err != nil {
			return nil, fmt.Errorf("profile %s: %w", p.Name, err)
		}
		if i > 0 {
			s.Others = append(s.Others, kustomize.Variant{Profile: p, Objects: objects})
			continue
		}
		s.Base = kustomize.Variant{Profile: p, Objects: objects}
		if s.Secrets, err = c.secretNames(under); err != nil {
			return nil, err
		}
	}
	return kustomize.Files(s)
}

func (c *Chart) secretNames(o Options) ([]string, error) {
	secrets, err := c.Secrets(o)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range secrets {
		names = append(names, s.Name)
	}
	return names, nil
}
