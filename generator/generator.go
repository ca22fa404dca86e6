// Package generator turns a stack and the profiles into a Helm chart, and the chart and a user's values into manifests or
// a Kustomize base. The commands of holdfast call it; so can any other program.
//
// The main path is in this file:
//
//	stack + profiles ─► decisions (ha) ─► chart ─► render ─► objects
//
// Kustomize, Explain and Plan start from the same chart.
package generator

import (
	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Options are the release that a chart is rendered for, and the user's values.
type Options = render.Options

// Chart is the Helm chart of a stack. It holds the decisions of every profile.
type Chart struct {
	Stack    stack.Stack
	Profiles []profile.Profile
	// Files is the chart's folder: the content of each file by its path.
	Files chart.Files

	// source is the name or the file of the stack, as the user passed it.
	source string
	helm   *render.Chart
}

// Load generates the chart of a stack for the built-in profiles. name is a built-in stack ("argo-events") or the file of
// another one ("./shop.yaml").
func Load(name string) (*Chart, error) {
	s, err := LoadStack(name)
	if err != nil {
		return nil, err
	}
	profiles, err := LoadProfiles()
	if err != nil {
		return nil, err
	}
	c, err := New(s, profiles)
	if err != nil {
		return nil, err
	}
	c.source = name
	return c, nil
}

// New decides every component of a stack under each profile, and generates the chart. The same input gives the same bytes.
func New(s stack.Stack, profiles []profile.Profile) (*Chart, error) {
	files, err := chart.New(s, profiles)
	if err != nil {
		return nil, err
	}
	helm, err := render.Load(files)
	if err != nil {
		return nil, err
	}
	return &Chart{Stack: s, Profiles: profiles, Files: files, source: s.Name, helm: helm}, nil
}

// Render returns the objects of helm template with the same values, in Helm's install order.
// Values that the chart refuses are an error that names their keys.
func (c *Chart) Render(o Options) ([]manifest.Object, error) { return render.Render(c.helm, o) }

// Notes returns the text that Helm prints after an installation.
func (c *Chart) Notes(o Options) (string, error) { return render.Notes(c.helm, o) }

// Secrets returns the Secrets that Helm would create on a cluster, with new random content at each call.
func (c *Chart) Secrets(o Options) ([]manifest.Object, error) { return render.Secrets(c.helm, o, nil) }
