// Command facts writes the field lists of the Argo Events API, which the chart
// generator needs and must not import, to the stack that uses them.
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
	// output is seen from e2e, as is everything this command does.
	output = "../stacks/argo-events/api.json"
)

// custom has the types that decode themselves. An Amount keeps its JSON text
// and is parsed as a number only when used: "2" in quotes is decoded without
// complaint, and then what it paces is not even tried once. So: numbers only.
var custom = map[string]map[string]any{
	module + "/" + apiPath + ".Amount":        {"type": "number"},
	module + "/" + apiPath + ".Int64OrString": {"type": []any{"string", "integer"}},
	module + "/" + apiPath + ".K8SResource":   {"type": "object"},
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

// document returns the text of the output file: the source of the types and
// their definitions, one to a line so that a change of version reads well.
func document() ([]byte, error) {
	version, err := moduleField("{{.Version}}")
	if err != nil {
		return nil, err
	}
	definitions := schema.Generator{Custom: custom}.Definitions(
		reflect.TypeFor[events.EventBusSpec](),
		reflect.TypeFor[events.EventSourceSpec](),
		reflect.TypeFor[events.SensorSpec](),
	)
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

// moduleField returns what the given "go list" format says of the argo-events
// module that go.mod selects.
func moduleField(format string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", format, module).Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}
