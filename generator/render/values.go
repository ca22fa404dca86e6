package render

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
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

// parseValues parses values as Helm does, and refuses what Helm drops in silence. Errors have file, line and key.
func parseValues(file string, text []byte) (map[string]any, error) {
	read, err := chartutil.ReadValues(text)
	if err == nil {
		return read, dropped(file, text)
	}
	if located := strict.Decode(file, text, new(map[string]any)); located != nil {
		err = located
	}
	return nil, err
}

// dropped returns an error for the values that Helm drops: all but the last of equal keys, and all documents but the first.
func dropped(file string, text []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for i := 0; ; i++ {
		var document yaml.Node
		if err := dec.Decode(&document); err != nil || len(document.Content) == 0 {
			return nil
		}
		content := document.Content[0]
		switch {
		case i == 0:
			if err := equalKeys(file, content, ""); err != nil {
				return err
			}
		case content.Kind == yaml.MappingNode && len(content.Content) > 0:
			return fmt.Errorf("%s:%d: %s: is in a second YAML document, which Helm ignores: remove the line ---, or pass two files", file, content.Line, content.Content[0].Value)
		case content.ShortTag() != "!!null":
			return fmt.Errorf("%s:%d: is a second YAML document, which Helm ignores: remove it", file, content.Line)
		}
	}
}

// equalKeys returns an error for the first key that a map in the tree has twice. path is the key of the tree.
func equalKeys(file string, tree *yaml.Node, path string) error {
	lines := map[string]int{}
	for i, node := range tree.Content {
		var at string
		switch {
		case tree.Kind == yaml.SequenceNode:
			at = fmt.Sprintf("%s[%d]", path, i)
		case tree.Kind != yaml.MappingNode || node.Tag == "!!merge":
			continue
		case i%2 == 0:
			if line, ok := lines[node.Value]; ok {
				return fmt.Errorf("%s:%d: %s: is already set in line %d, and Helm keeps only the last value: remove one, or write their keys into one map", file, node.Line, join(path, node.Value), line)
			}
			lines[node.Value] = node.Line
			continue
		default:
			at = join(path, tree.Content[i-1].Value)
		}
		if err := equalKeys(file, node, at); err != nil {
			return err
		}
	}
	return nil
}

// join returns the path of a key below another.
func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }
