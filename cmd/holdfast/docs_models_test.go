package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/models"
)

// modelDocs returns the page of the known software.
func modelDocs(*testing.T) string {
	var out strings.Builder
	out.WriteString(generated + `# Known software

` + "`verify`" + ` recognizes this software by image, command, environment, ports, labels and mounted configuration, and assumes its
replication. The first entry that matches counts. State the replication of other software, or of software that you run
differently, with ` + "`--replication`" + ` or the annotation ` + "`holdfast-ha.github.io/replication`" + `.

"Needs" is how many of n pods must be ready so that writes succeed. Values after "if not set" are assumed where the manifests do
not show the setting. "Certain" is how the entry was established: by reading the source or a chart, by reading documentation, or
from experience.

| system | recognized by | replication | needs | reason | certain |
|---|---|---|---|---|---|
`)
	for _, e := range models.All() {
		certain := e.Certain
		for i, s := range e.Sources {
			certain += fmt.Sprintf(" [%d](%s)", i+1, s)
		}
		reason := e.Why
		if e.Note != "" {
			reason += ". " + e.Note
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", e, recognized(e), e.Model, needed(e), cell(reason), certain)
	}
	out.WriteString(`
## Add an entry

1. Add an entry to ` + "[systems.yaml](../verify/models/systems.yaml)" + `: one for each role, before more general ones. All conditions of
   a list item under ` + "`match`" + ` must hold; one item is enough. Prefer signs that no other software shows.
2. Choose the model. ` + "`copies`" + ` has a formula in ` + "`needs`" + `: integers, n, variables, + - * /, floor, ceil, min and max. A
   variable names its setting, where to read it, and the value that is assumed without it.
3. Give the source of each statement, and an ` + "`example`" + ` with the needs of several numbers of pods.
4. Run ` + "`go test ./verify/models`" + ` and ` + "`make generate`" + `.
`)
	return out.String()
}

// recognized returns the signs of an entry.
func recognized(e *models.Entry) string {
	var all []string
	for _, m := range e.Match {
		var parts []string
		add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
		if m.Image.Text != "" {
			add("image `%s`", m.Image.Text)
		}
		if m.Args.String() != "" {
			add("command `%s`", m.Args)
		}
		for _, name := range slices.Sorted(maps.Keys(m.Env)) {
			if value := m.Env[name]; value.String() == "" {
				add("variable `%s`", name)
			} else {
				add("variable `%s` = `%s`", name, value)
			}
		}
		if len(m.Ports) > 0 {
			add("ports %s", strings.Trim(fmt.Sprint(m.Ports), "[]"))
		}
		if m.Config.String() != "" {
			add("configuration `%s`", m.Config)
		}
		for _, name := range slices.Sorted(maps.Keys(m.Labels)) {
			add("label `%s` = `%s`", name, m.Labels[name].Text)
		}
		if m.Claims {
			add("a volume for each pod")
		}
		all = append(all, strings.Join(parts, " and "))
	}
	return cell(strings.Join(all, "; or "))
}

// needed returns the formula of an entry and its variables.
func needed(e *models.Entry) string {
	if e.Needs == nil {
		return map[string]string{"quorum": "a majority", "elected": "a majority", "stateless": "1", "standby": "1"}[e.Model] +
			map[string]string{"shards": "n", "single": "n", models.Unknown: "n, never proven"}[e.Model]
	}
	text := "`" + e.Needs.String() + "`"
	for _, name := range slices.Sorted(maps.Keys(e.Vars)) {
		text += fmt.Sprintf("; %s: %s, %d if not set", name, e.Vars[name].Setting, e.Vars[name].Else)
	}
	return cell(text)
}

// cell escapes a text for a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
