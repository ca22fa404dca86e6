package generator

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"sigs.k8s.io/yaml"
)

// Check renders the chart under every profile, with the values of its folder ci, and passes the objects to inspect, if it is set.
// It also lints the chart as helm lint --strict does. Errors name file and line of the component in the stack.
func (c *Chart) Check(inspect func(manifest.Object) error) error {
	var faults []string
	for _, p := range c.Profiles {
		var values map[string]any
		if err := yaml.Unmarshal(c.Files["ci/"+p.Name+"-values.yaml"], &values); err != nil {
			return fmt.Errorf("%s: ci-values.yaml: %w", c.at(""), err)
		}
		objects, err := c.Render(Options{Release: "release", Namespace: "default", Values: values, CRDs: true})
		if err != nil {
			return fmt.Errorf("%s: with profile %s: %w", c.at(template(err.Error())), p.Name, err)
		}
		for _, o := range objects {
			if inspect == nil {
				break
			}
			if err := inspect(o); err != nil {
				fault := fmt.Sprintf("%s: %v", c.at(template(o.Source)), err)
				if !slices.Contains(faults, fault) {
					faults = append(faults, fault)
				}
			}
		}
		if err := render.Lint(c.Files, values); len(faults) == 0 && err != nil {
			return fmt.Errorf("%s: with profile %s: %w", c.at(template(err.Error())), p.Name, err)
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	return nil
}

var inTemplates = regexp.MustCompile(`templates/([-a-z0-9]+)/`)

// template returns the folder in templates/ that a text of Helm names, "" without one.
func template(text string) string {
	if m := inTemplates.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// at returns the position of the component with a label, or of the stack, for an error message.
func (c *Chart) at(label string) string {
	file := c.source
	if BuiltIn(file) {
		file = c.Stack.File
	}
	for i, one := range c.Stack.Components {
		if one.Label() == label {
			return fmt.Sprintf("%s:%d: components[%d] %q", file, one.Line, i, one.Name)
		}
	}
	return file
}
