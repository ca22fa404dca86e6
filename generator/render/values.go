package render

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli/values"
)

// Values say where a user's values come from, as Helm's flags do: files first, each over the one before, then the sets.
type Values struct {
	// Files are local; "-" is standard input.
	Files []string
	// Set and SetString are like key=v, a.b=v, list[0]=v.
	Set, SetString []string
}

// Merge reads all values. Errors name the file or the assignment.
func (v Values) Merge() (map[string]any, error) {
	for _, file := range v.Files {
		if strings.Contains(file, "://") {
			return nil, fmt.Errorf("values file %q: only local files are read: fetch it first", file)
		}
	}
	options := values.Options{ValueFiles: v.Files, Values: v.Set, StringValues: v.SetString}
	merged, err := options.MergeValues(nil)
	if err != nil {
		return nil, fmt.Errorf("reading values: %w", err)
	}
	return merged, nil
}

// ReadValues reads one values file.
func ReadValues(file string) (map[string]any, error) {
	read, err := chartutil.ReadValuesFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading values file %s: %w", file, err)
	}
	return read, nil
}
