// Package strict decodes YAML that people write: unknown and repeated keys are errors that name file and line.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode reads the one YAML document of text into out. file names it in errors: "file:line: what was wrong".
func Decode(file string, text []byte, out any) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(out); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: is empty", file)
		}
		return locate(file, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: has more than one YAML document", file)
	}
	return nil
}

var (
	atLine  = regexp.MustCompile(`^line (\d+): `)
	unknown = regexp.MustCompile(`field (\S+) not found in type .*`)
)

// locate turns the library's messages into "file:line: unknown key ...", one line for each.
func locate(file string, err error) error {
	lines := []string{err.Error()}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		lines = typed.Errors
	}
	for i, line := range lines {
		line = strings.TrimPrefix(line, "yaml: ")
		place := file + ": "
		if at := atLine.FindStringSubmatch(line); at != nil {
			place, line = file+":"+at[1]+": ", line[len(at[0]):]
		}
		lines[i] = place + unknown.ReplaceAllString(line, "unknown key $1")
	}
	return errors.New(strings.Join(lines, "\n"))
}
