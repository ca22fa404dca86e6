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

// Values say where a user's values come from, as Helm's flags do: files first, each over the one before, then the sets.
type Values struct {
	// Files are local; "-" is standard input.
	Files []string
	// Set and SetString are like key=v, a.b=v, list[0]=v.
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

// Merge reads all values. Errors name the file, and the line if it is no YAML, or the assignment.
func (v Values) Merge() (map[string]any, error) {
	files := slices.Clone(v.Files)
	for i, file := range files {
		if strings.Contains(file, "://") {
			return nil, fmt.Errorf("values file %q: only local files are read: fetch it first", file)
		}
		if file == "-" {
			files[i] = stdin // Helm would read it past our reader
		}
	}
	options := values.Options{ValueFiles: files, Values: v.Set, StringValues: v.SetString}
	ours := getter.Provider{Schemes: []string{"", stdinScheme}, New: func(...getter.Option) (getter.Getter, error) { return reader{}, nil }}
	merged, err := options.MergeValues(getter.Providers{ours})
	if err != nil {
		return nil, fmt.Errorf("reading values: %w", err)
	}
	return merged, nil
}

// Standard input, as a place of a scheme of its own.
const (
	stdinScheme = "stdin"
	stdin       = stdinScheme + ":"
)

// reader reads files for Helm, and says of one that is no map in YAML where it is wrong.
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

// parseValues reads values as Helm does. Where Helm refuses them, it is said by file and line.
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
