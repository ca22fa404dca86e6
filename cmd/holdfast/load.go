package main

import (
	"errors"
	"regexp"

	"github.com/holdfast-ha/holdfast/generator"
	objects "github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/verify/apiserver"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// loadChart generates the chart of a stack. The chart of a user's stack is checked first: every profile must render objects that
// the API server accepts.
func loadChart(stack string) (*generator.Chart, error) {
	c, err := generator.Load(stack)
	if err != nil || generator.BuiltIn(stack) {
		return c, err
	}
	return c, c.Check(accepted)
}

// position is the position in a rendered object, which no file has.
var position = regexp.MustCompile(`(?m)^object:\d+: `)

// accepted returns an error if the API server would refuse an object, or if a field of it does not exist.
func accepted(o objects.Object) error {
	read, err := manifest.Parse("object", []byte(o.Text))
	if err == nil {
		err = apiserver.CheckStrict(read)
	}
	if err == nil {
		return nil
	}
	return errors.New(position.ReplaceAllString(err.Error(), ""))
}
