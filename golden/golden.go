// Package golden records the objects that holdfast renders: one folder for each case, one file for each object.
//
// A case has case.yaml (the stack and the profile), values.yaml (the user's values), objects/ and NOTES.txt (the result).
// The record makes every change visible. Other tests check that the result is correct.
package golden

import (
	"os"
	"path/filepath"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Case is one case.yaml.
type Case struct {
	// About is the purpose of the case.
	About   string `yaml:"about"`
	Stack   string `yaml:"stack"`
	Profile string `yaml:"profile"`
	// Values is the values file, relative to the case's folder; values.yaml by default.
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

// Render renders the case in dir and returns the result by file name: objects/, one file each, and NOTES.txt.
func (c Case) Render(dir string) (map[string][]byte, error) {
	chart, options, err := c.load(dir)
	if err != nil {
		return nil, err
	}
	objects, err := chart.Render(options)
	if err != nil {
		return nil, err
	}
	notes, err := chart.Notes(options)
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

// load returns the chart of the case in dir and the options to render it with.
func (c Case) load(dir string) (*generator.Chart, generator.Options, error) {
	chart, err := generator.Load(c.Stack)
	if err != nil {
		return nil, generator.Options{}, err
	}
	values, err := render.ReadValues(filepath.Join(dir, c.Values))
	if err != nil {
		return nil, generator.Options{}, err
	}
	options := generator.Options{Release: Release, Namespace: Namespace, Values: values}
	return chart, options.WithProfile(c.Profile), nil
}
