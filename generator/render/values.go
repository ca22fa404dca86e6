package render

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"

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
	merged := map[string]any{}
	for _, file := range v.Files {
		if strings.Contains(file, "://") {
			return nil, fmt.Errorf("values file %q: is not a local file: download it first", file)
		}
		values, err := ReadValues(file)
		if err != nil {
			return nil, err
		}
		merged = merge(merged, values)
	}
	for _, set := range v.Set {
		if err := strvals.ParseInto(set, merged); err != nil {
			return nil, fmt.Errorf("reading values: --set %s: %w", set, err)
		}
	}
	for _, set := range v.SetString {
		if err := strvals.ParseIntoString(set, merged); err != nil {
			return nil, fmt.Errorf("reading values: --set-string %s: %w", set, err)
		}
	}
	return merged, nil
}

// merge merges maps by key. In all else the values of over take precedence, null included, which removes a default.
func merge(values, over map[string]any) map[string]any {
	for key, value := range over {
		below, isMap := values[key].(map[string]any)
		if above, ok := value.(map[string]any); ok && isMap {
			value = merge(below, above)
		}
		values[key] = value
	}
	return values
}

// ReadValues reads one values file; "-" is standard input.
func ReadValues(file string) (map[string]any, error) {
	read := os.ReadFile
	if file == "-" {
		read = func(string) ([]byte, error) { return io.ReadAll(os.Stdin) }
	}
	text, err := read(file)
	if err == nil {
		var values map[string]any
		if values, err = parseValues(file, text); err == nil {
			return values, nil
		}
	}
	return nil, fmt.Errorf("reading values: %w", err)
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
