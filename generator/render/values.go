package render

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Values are the sources of a user's values, as in Helm's flags. Later files take precedence over earlier ones, and Set and
// SetString over files.
type Values struct {
	// Files are local; "-" is standard input.
	Files []string
	// Set and SetString are assignments: key=v, a.b=v, list[0]=v.
	Set, SetString []string
}

// With returns the values with others after them, so that the others take precedence.
func (v Values) With(others Values) Values {
	return Values{
		Files:     slices.Concat(v.Files, others.Files),
		Set:       slices.Concat(v.Set, others.Set),
		SetString: slices.Concat(v.SetString, others.SetString),
	}
}

// Merge reads and merges all values. Errors name the file, the line of invalid YAML, or the assignment.
func (v Values) Merge() (map[string]any, error) {
	files := slices.Clone(v.Files)
	for i, file := range files {
		if strings.Contains(file, "://") {
			return nil, fmt.Errorf("values file %q: is not a local file: download it first", file)
		}
		if file == "-" {
			files[i] = stdin // so that reader, below, reads it instead of Helm
		}
	}
	options := values.Options{ValueFiles: files, Values: v.Set, StringValues: v.SetString}
	local := getter.Provider{Schemes: []string{"", stdinScheme}, New: func(...getter.Option) (getter.Getter, error) { return reader{}, nil }}
	merged, err := options.MergeValues(getter.Providers{local})
	if err != nil {
		return nil, fmt.Errorf("reading values: %w", err)
	}
	return merged, nil
}

// Standard input is a source with its own scheme.
const (
	stdinScheme = "stdin"
	stdin       = stdinScheme + ":"
)

// reader reads files for Helm, with the line of invalid YAML in its errors.
type reader struct{}

func (reader) Get(file string, _ ...getter.Option) (*bytes.Buffer, error) {
	text, err := []byte(nil), error(nil)
	if file == stdin {
		file = "-"
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(file)
	}
	if err == nil {
		_, err = parseValues(file, text)
	}
	return bytes.NewBuffer(text), err
}

// ReadValues reads one values file.
func ReadValues(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading values: %w", err)
	}
	return parseValues(file, text)
}

// parseValues parses values as Helm does. Errors have file and line.
func parseValues(file string, text []byte) (map[string]any, error) {
	read, err := chartutil.ReadValues(text)
	if err == nil {
		return read, nil
	}
	if located := strict.Decode(file, text, new(map[string]any)); located != nil {
		err = located
	}
	return nil, err
}
