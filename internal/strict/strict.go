// Package strict decodes YAML that people write, and says in their words what is wrong with it: each error names the file and
// the line, and the key where there is one.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Decode reads the one YAML document of text into out. Unknown and repeated keys are errors. file names it in errors:
// "file:line: what was wrong", a line for each.
func Decode(file string, text []byte, out any) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(out); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: is empty", file)
		}
		return refused(file, text, out, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: has more than one YAML document", file)
	}
	return nil
}

// refused is Locate, but for values of the wrong type: those are named by their keys, and not by Go's types.
func refused(file string, text []byte, out any, err error) error {
	faults := faultsOf(text, err)
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil {
		return join(file, faults)
	}
	misfits := TypeErrors(document.Content[0], out, "yaml", (*yaml.Node).Decode)
	if len(misfits) > 0 {
		faults = slices.DeleteFunc(faults, fault.mistyped)
	}
	for _, m := range misfits {
		faults = append(faults, fault{m.Line, m.String()})
	}
	slices.SortStableFunc(faults, func(a, b fault) int { return a.line - b.line })
	return join(file, faults)
}
