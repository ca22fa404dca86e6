package chart

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/generator/render/checkstest"
)

// TestChecks compares the chart with Argo Events on the examples and faults of checks.yaml: both accept the examples; both refuse the faults, in
// the same words. Faults that are marked as faults of the runtime pass the validators of Argo Events.
func TestChecks(t *testing.T) {
	correct, faulty, err := checkstest.Read()
	if err != nil {
		t.Fatal(err)
	}
	for object, problem := range problems(t, correct) {
		if problem != "" {
			t.Errorf("%s: Argo Events refuses the example: %s", object, problem)
		}
	}
	if lines := refusals(t, correct); len(lines) > 0 {
		t.Errorf("the chart refuses the examples: %q", lines)
	}
	upstream, lines := problems(t, faulty), refusals(t, faulty)
	for object, f := range faulty.Faults {
		problem, line := upstream[object], strings.Join(lines[object], "\n")
		switch words := words(line, f); {
		case words == "":
			t.Errorf("%s: the chart must refuse %v by %s, got %q", object, f.Value, f.Path, line)
		case f.Runtime != "" && problem != "":
			t.Errorf("%s: the validators of Argo Events refuse %v, and not only the runtime: %s", f.Path, f.Value, problem)
		case f.Runtime != "":
		case f.Empty && problem != "refused with an empty message", f.Crash && !strings.HasPrefix(problem, "panic: "):
			t.Errorf("%s: Argo Events on %v: %q", f.Path, f.Value, problem)
		case !f.Empty && !f.Crash && (problem == "" || !strings.Contains(problem, words)):
			t.Errorf("%s: the chart refuses %v with %q, Argo Events with %q", f.Path, f.Value, words, problem)
		}
	}
}

// TestMutations removes each key of each example, and empties each string and list: the chart refuses what the validators of Argo Events refuse.
func TestMutations(t *testing.T) {
	correct, _, err := checkstest.Read()
	if err != nil {
		t.Fatal(err)
	}
	mutants := checkstest.Objects{EventSources: map[string]any{}, Sensors: map[string]any{}}
	add := func(to, from map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(from)) {
			for i, changed := range mutations(from[name]) {
				to[fmt.Sprintf("%s-%d", name, i)] = changed
			}
		}
	}
	add(mutants.EventSources, correct.EventSources)
	add(mutants.Sensors, correct.Sensors)
	lines, refused := refusals(t, mutants), 0
	for object, problem := range problems(t, mutants) {
		if problem != "" {
			refused++
		}
		if problem != "" && len(lines[object]) == 0 {
			t.Errorf("%s: Argo Events refuses it (%s), the chart does not", object, problem)
		}
	}
	if refused < 100 {
		t.Errorf("Argo Events refuses only %d mutants", refused)
	}
}

// mutations returns copies of a tree, each with one change.
func mutations(tree any) []any {
	var all []any
	switch tree := tree.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			without := maps.Clone(tree)
			delete(without, key)
			all = append(all, without)
			for _, changed := range mutations(tree[key]) {
				with := maps.Clone(tree)
				with[key] = changed
				all = append(all, with)
			}
		}
	case []any:
		for i, item := range tree {
			for _, changed := range mutations(item) {
				with := slices.Clone(tree)
				with[i] = changed
				all = append(all, with)
			}
		}
	case string:
		all = append(all, "")
	}
	return all
}

// unreachable are messages of the validators that no values of the chart lead to.
var unreachable = regexp.MustCompile("^(" + strings.Join([]string{
	"nil .*", ".* can't be nil", "trigger template can't be nil", // nil pointers in place of maps
	"TopicName must .*", "SubscriptionName must .*", "unknown selection operation %s", // an earlier check refuses the values
	"trigger must define a name", "auth token key and name must be specified", // the schema refuses them
	"event '%s' from EventSource .*",                                                    // on a bus of STAN only
	"duplicate trigger name: %s", "to use dlqTrigger, .*", "atLeastOnce must be set .*", // refusals of their own: generator/render TestRefusals
}, "|") + ")$")

// TestMessages: for each message in the source code of the validators of Argo Events there is a fault.
func TestMessages(t *testing.T) {
	_, faulty, err := checkstest.Read()
	if err != nil {
		t.Fatal(err)
	}
	found := slices.Collect(maps.Values(problems(t, faulty)))
	dir := moduleDir(t)
	var files []string
	for _, pattern := range []string{"pkg/eventsources/sources/*/validate.go", "pkg/eventsources/common/webhook/validate.go", "pkg/reconciler/sensor/validate.go", "pkg/apis/events/v1alpha1/validate.go", "pkg/apis/events/v1alpha1/file_config.go"} {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(matches) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, matches...)
	}
	for _, file := range files {
		for _, message := range messages(t, file) {
			pattern := regexp.MustCompile(regexp.MustCompile(`%\\?\+?[a-z]`).ReplaceAllString(regexp.QuoteMeta(message), ".*"))
			if !slices.ContainsFunc(found, pattern.MatchString) && !unreachable.MatchString(message) {
				t.Errorf("%s: no fault of checks.yaml leads to %q", strings.TrimPrefix(file, dir+"/"), message)
			}
		}
	}
}

// messages returns the formats of fmt.Errorf in the functions of a file whose name begins with "validate", except nil checks.
func messages(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name == "validateRoute" || !strings.HasPrefix(strings.ToLower(f.Name.Name), "validate") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Errorf" {
				if literal, ok := call.Args[0].(*ast.BasicLit); ok {
					text, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, text)
				}
			}
			return true
		})
	}
	return all
}

func moduleDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-events").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// words returns the words of Argo Events in a refusal of the chart; "" if it is another refusal.
func words(line string, f checkstest.Fault) string {
	line, key := strings.CutPrefix(line, "- "+f.Path+": ")
	line, do := strings.CutSuffix(line, ": "+f.Do)
	if !key || !do || strings.Contains(line, "\n") {
		return ""
	}
	if f.Of != "" {
		line = line[:strings.LastIndex(strings.TrimSuffix(line, `"`), ` "`)]
	}
	return line
}

// problems returns the answer of Argo Events on each object, "sensors.s1".
func problems(t *testing.T, o checkstest.Objects) map[string]string {
	t.Helper()
	var stream bytes.Buffer
	encoder := json.NewEncoder(&stream)
	put := func(kind, name string, spec any) {
		stream.WriteString("---\n")
		if err := encoder.Encode(map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec}); err != nil {
			t.Fatal(err)
		}
	}
	put("EventBus", "default", map[string]any{"jetstream": map[string]any{"version": "latest"}})
	for name, spec := range o.EventSources {
		put("EventSource", name, spec)
	}
	for name, spec := range o.Sensors {
		put("Sensor", name, spec)
	}
	cmd := exec.Command(program(t, "argocheck"))
	cmd.Stdin = &stream
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("argocheck: %v", err)
	}
	found := map[string]string{}
	for line := range bytes.Lines(out) {
		var verdict struct{ Object, Problem string }
		if err := json.Unmarshal(line, &verdict); err != nil {
			t.Fatal(err)
		}
		switch fields := strings.Fields(verdict.Object); fields[1] {
		case "EventSource":
			found["eventSources."+fields[2]] = verdict.Problem
		case "Sensor":
			found["sensors."+fields[2]] = verdict.Problem
		}
	}
	return found
}

// refusals returns the lines about each object that the chart prints. If the schema refuses objects, the others are tried without them.
func refusals(t *testing.T, o checkstest.Objects) map[string][]string {
	t.Helper()
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{}
	values := map[string]any{"eventSources": maps.Clone(o.EventSources), "sensors": maps.Clone(o.Sensors)}
	for range 2 {
		text, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "values.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err = cases.Output(string(bin), "render", "--values", file); err == nil {
			return lines
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			line = strings.TrimSpace(line)
			object := ""
			if at := located.FindStringSubmatch(line); at != nil {
				object = at[1] + "." + at[2]
				delete(values[at[1]].(map[string]any), at[2])
			} else if path, ok := strings.CutPrefix(line, "- "); ok && !strings.HasPrefix(path, "at '") {
				object = checkstest.Object(path)
			}
			if object != "" {
				lines[object] = append(lines[object], line)
			}
		}
		if strings.Contains(err.Error(), "these values are refused") {
			return lines
		}
	}
	return lines
}

// located matches a refusal of the schema.
var located = regexp.MustCompile(`^- at '/(eventSources|sensors)/([^'/]+)`)
