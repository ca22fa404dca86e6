// Package golden is the record of what holdfast renders: one folder for each case, one file for each object.
//
// A case is case.yaml (which stack and profile), values.yaml (what the user wrote), objects/ and NOTES.txt (what came out).
// It shows that nothing changed unnoticed; that it is right is shown by rules and by real systems.
package golden

import (
	"os"
	"path/filepath"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/internal/strict"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
)

// Case is one case.yaml.
type Case struct {
	// About says what the case is there to show.
	About   string `yaml:"about"`
	Stack   string `yaml:"stack"`
	Profile string `yaml:"profile"`
	// Values is the values file, relative to the case's folder; its own values.yaml unless said.
	Values string `yaml:"values"`
}

// The release that every case is rendered for.
const (
	Release   = "events"
	Namespace = "argo"
)

// Read loads the case in dir.
func Read(dir string) (Case, error) {
	file := filepath.Join(dir, "case.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return Case{}, err
	}
	c := Case{Values: "values.yaml"}
	return c, strict.Decode(file, text, &c)
}

// Render renders the case in dir and returns what comes out by file name: objects/, one file each, and NOTES.txt.
func (c Case) Render(dir string) (map[string][]byte, error) {
	helmChart, options, err := c.load(dir)
	if err != nil {
		return nil, err
	}
	objects, err := render.Render(helmChart, options)
	if err != nil {
		return nil, err
	}
	notes, err := render.Notes(helmChart, options)
	if err != nil {
		return nil, err
	}
	named, err := manifest.Files(objects)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{"NOTES.txt": []byte(notes)}
	for name, text := range named {
		out["objects/"+name] = text
	}
	return out, nil
}

// load returns the chart of the case in dir and what it is rendered with.
func (c Case) load(dir string) (*render.Chart, render.Options, error) {
	st, err := stack.Load(stacks.FS, c.Stack+".yaml")
	if err != nil {
		return nil, render.Options{}, err
	}
	all, err := profile.Load(profiles.FS)
	if err != nil {
		return nil, render.Options{}, err
	}
	files, err := chart.New(st, all)
	if err != nil {
		return nil, render.Options{}, err
	}
	helmChart, err := render.Load(files)
	if err != nil {
		return nil, render.Options{}, err
	}
	values, err := render.ReadValues(filepath.Join(dir, c.Values))
	if err != nil {
		return nil, render.Options{}, err
	}
	values["profile"] = c.Profile
	return helmChart, render.Options{Release: Release, Namespace: Namespace, Values: values}, nil
}
