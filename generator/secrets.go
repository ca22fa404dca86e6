package generator

import (
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/secrets"
)

// UpdateSecrets returns the Secrets of a release from existing ones: it keeps their content, adds what is missing, renews certificates
// that end, and takes a step of a rotation. notes is what has changed, and what to do next.
func (c *Chart) UpdateSecrets(o Options, existing []secrets.Secret, change secrets.Options) (objects []manifest.Object, notes []string, err error) {
	draw := func(existing []secrets.Secret) ([]secrets.Secret, error) {
		data := map[string]map[string]string{}
		for _, s := range existing {
			data[s.Name] = s.Encoded()
		}
		rendered, err := render.Secrets(c.helm, o, data)
		if err != nil || len(rendered) == 0 {
			return nil, err
		}
		var text strings.Builder
		for _, r := range rendered {
			text.WriteString("---\n" + r.Text)
		}
		return secrets.Parse("chart", []byte(text.String()))
	}
	all, notes, err := secrets.Update(draw, existing, change)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range all {
		text, err := s.Inherit(existing).YAML()
		if err != nil {
			return nil, nil, err
		}
		split, err := manifest.Split("Secret "+s.Name, text)
		if err != nil {
			return nil, nil, err
		}
		objects = append(objects, split...)
	}
	return objects, notes, nil
}
