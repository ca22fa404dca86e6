// Command facts writes the fields of the Argo Events API into the stack. The generator needs them and must not import that module.
//
// Run it in e2e as "go run ./facts"; it takes no arguments.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"

	"github.com/holdfast-ha/holdfast/generator/schema"
)

const (
	module  = "github.com/argoproj/argo-events"
	apiPath = "pkg/apis/events/v1alpha1"
	// output is relative to e2e.
	output = "../stacks/argo-events/api.json"
)

// custom has the schemas of types with their own decoders. An Amount keeps its JSON text and is parsed as a number on use: "2" in quotes is
// decoded without an error, but the retry with that value never happens. Hence numbers only.
var custom = map[string]map[string]any{
	module + "/" + apiPath + ".Amount":        {"type": "number"},
	module + "/" + apiPath + ".Int64OrString": {"type": []any{"string", "integer"}},
	module + "/" + apiPath + ".K8SResource":   {"type": "object"},
}

// selectors are references to a key of a Secret or ConfigMap. Without name and key, the controller creates a volume that the API server refuses,
// or the pod reads a folder in place of a file: pkg/shared/util/util.go GetSecretVolumePath.
var selectors = []string{"core.v1.SecretKeySelector", "core.v1.ConfigMapKeySelector"}

var selectorProperties = map[string]any{
	"key":      map[string]any{"type": "string", "minLength": 1},
	"name":     map[string]any{"type": "string", "minLength": 1},
	"optional": map[string]any{"type": "boolean"},
}

func main() {
	text, err := document()
	if err == nil {
		err = os.WriteFile(output, text, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// document returns the content of the output file: the source of the types, and one definition per line for readable diffs.
func document() ([]byte, error) {
	version, err := moduleField("{{.Version}}")
	if err != nil {
		return nil, err
	}
	definitions := schema.Generator{Custom: custom, Ranges: true}.Definitions(
		reflect.TypeFor[events.EventBusSpec](),
		reflect.TypeFor[events.EventSourceSpec](),
		reflect.TypeFor[events.SensorSpec](),
	)
	for _, name := range selectors {
		maps.Copy(definitions[name].(map[string]any), map[string]any{"required": []string{"key", "name"}, "properties": selectorProperties})
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "{\n \"source\": %q,\n \"definitions\": {", module+" "+version+" "+apiPath)
	separator := "\n"
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		definition, err := json.Marshal(definitions[name])
		if err != nil {
			return nil, fmt.Errorf("definition of %s: %w", name, err)
		}
		fmt.Fprintf(&text, "%s  %q: %s", separator, name, definition)
		separator = ",\n"
	}
	text.WriteString("\n }\n}\n")
	return text.Bytes(), nil
}

// moduleField formats the argo-events module of go.mod with a format of "go list".
func moduleField(format string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", format, module).Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}
