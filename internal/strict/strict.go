// Package strict decodes YAML files that people write. Every error names the file and the line, the key if there is one, and
// what is valid, without Go's types.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/holdfast-ha/holdfast/internal/similar"
	"go.yaml.in/yaml/v3"
)

// Decode decodes the single YAML document of text into out. Unknown and duplicate keys are errors. Errors have the form
// "file:line: message", one on each line.
func Decode(file string, text []byte, out any) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(out); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: is empty", file)
		}
		return locateTyped(file, text, out, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: has more than one YAML document", file)
	}
	return nil
}

// locateTyped is Locate with type errors in terms of keys instead of Go's types.
func locateTyped(file string, text []byte, out any, err error) error {
	faults := parseError(text, err)
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil {
		return join(file, faults)
	}
	for _, u := range UnknownKeys(document.Content[0], reflect.TypeOf(out), "yaml") {
		if nearest, ok := similar.Nearest(u.Name, u.Known); ok {
			for i, f := range faults {
				if f.line == u.Line && f.message == "unknown key "+u.Name {
					faults[i].message += ": did you mean " + nearest + "?"
				}
			}
		}
	}
	typeErrors := TypeErrors(document.Content[0], out, "yaml", (*yaml.Node).Decode)
	if len(typeErrors) > 0 {
		faults = slices.DeleteFunc(faults, fault.isTypeError)
	}
	for _, m := range typeErrors {
		faults = append(faults, fault{m.Line, m.String()})
	}
	slices.SortStableFunc(faults, func(a, b fault) int { return a.line - b.line })
	return join(file, faults)
}
