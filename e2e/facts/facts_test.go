package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"sigs.k8s.io/yaml"
)

// listener is the entry of an EventSource type in facts.yaml.
type listener struct {
	Strategy string `json:"strategy"`
	Port     string `json:"port,omitempty"`
	// DeletesHook is set for the types that can delete their hook when a pod ends.
	DeletesHook bool `json:"deletesHook,omitempty"`
}

// facts is the structure of facts.yaml.
type facts struct {
	ArgoEvents        string              `json:"argoEvents"`
	JetstreamVersions []string            `json:"jetstreamVersions"`
	EventSources      map[string]listener `json:"eventSources"`
}

// TestAPIFileIsFresh reads a file outside this module, which the go command does not track: without -count=1 it may print a cached result.
func TestAPIFileIsFresh(t *testing.T) {
	want, err := document()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, "..", output), want) {
		t.Errorf("%s is stale: run \"go run ./facts\" in e2e", output)
	}
	if !json.Valid(want) {
		t.Error("the output is not JSON")
	}
}

// TestKubernetesVersion: with pod types from another version of Kubernetes than argo-events requires, api.json would be wrong without an error.
func TestKubernetesVersion(t *testing.T) {
	const format = "{{with .Replace}}{{.Path}} {{.Version}}{{else}}{{.Path}} {{.Version}}{{end}}"
	required := read(t, field(t, "{{.GoMod}}"))
	for _, name := range []string{"k8s.io/api", "k8s.io/apimachinery"} {
		out, err := exec.Command("go", "list", "-m", "-f", format, name).Output()
		if err != nil {
			t.Fatalf("go list -m %s: %v", name, err)
		}
		if used := strings.TrimSpace(string(out)); !bytes.Contains(required, []byte("\t"+used+"\n")) {
			t.Errorf("e2e uses %s, argo-events requires another version: correct the replace lines of e2e/go.mod", used)
		}
	}
}

func TestEventSources(t *testing.T) {
	want := map[string]listener{}
	for f := range reflect.TypeFor[events.EventSourceSpec]().Fields() {
		if f.Type.Kind() == reflect.Map {
			name := jsonName(f)
			want[name] = listener{strategy(t, name), portPath(f.Type.Elem()), hasField(f.Type.Elem(), "deleteHookOnFinish")}
		}
	}
	if len(want) != 32 {
		t.Errorf("the module has %d EventSource types, want 32", len(want))
	}
	got := readFacts(t).EventSources
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: facts.yaml has %+v, the module %+v", name, got[name], want[name])
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s: the module has no such EventSource type", name)
	}
}

// strategy returns the strategy of an EventSource type with several replicas. A constant may be "pubsub" for the JSON key "pubSub", hence EqualFold.
func strategy(t *testing.T, key string) string {
	t.Helper()
	if slices.ContainsFunc(events.RecreateStrategyEventSources, func(e events.EventSourceType) bool {
		return strings.EqualFold(string(e), key)
	}) {
		return "active-passive"
	}
	return "active-active"
}

// TestStrategyConstants: every constant matches one JSON key. The type of a constant without a match would count as active-active.
func TestStrategyConstants(t *testing.T) {
	for _, constant := range events.RecreateStrategyEventSources {
		found := 0
		for f := range reflect.TypeFor[events.EventSourceSpec]().Fields() {
			if f.Type.Kind() == reflect.Map && strings.EqualFold(jsonName(f), string(constant)) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s matches %d keys of EventSourceSpec", constant, found)
		}
	}
}

// hasField reports whether an event of a type has a field.
func hasField(event reflect.Type, name string) bool {
	for f := range event.Fields() {
		if jsonName(f) == name {
			return true
		}
	}
	return false
}

// portPath returns the path of the HTTP port in an event of a type, or "" for a type without a WebhookContext.
func portPath(event reflect.Type) string {
	server := reflect.TypeFor[events.WebhookContext]()
	for f := range event.Fields() {
		switch typ := f.Type; {
		case f.Anonymous && typ == server:
			return "port"
		case typ == server, typ == reflect.PointerTo(server):
			return jsonName(f) + ".port"
		}
	}
	return ""
}

func TestJetstreamVersions(t *testing.T) {
	got := readFacts(t)
	if version := field(t, "{{.Version}}"); got.ArgoEvents != version {
		t.Errorf("facts.yaml is for argo-events %s, go.mod has %s", got.ArgoEvents, version)
	}
	var configMap struct {
		Data map[string]string `json:"data"`
	}
	var config struct {
		EventBus struct {
			Jetstream struct {
				Versions []struct {
					Version string `json:"version"`
				} `json:"versions"`
			} `json:"jetstream"`
		} `json:"eventBus"`
	}
	manifest := read(t, field(t, "{{.Dir}}"), "manifests/base/controller-manager/controller-config.yaml")
	parse(t, manifest, &configMap)
	parse(t, []byte(configMap.Data["controller-config.yaml"]), &config)
	var want []string
	for _, v := range config.EventBus.Jetstream.Versions {
		want = append(want, v.Version)
	}
	if len(want) == 0 || !slices.Equal(got.JetstreamVersions, want) {
		t.Errorf("facts.yaml has versions %v, the configuration of the controller has %v", got.JetstreamVersions, want)
	}
}

// TestAmountInQuotes checks the reason for the schema of Amount in main.go. If argo-events parses "2" as a number, the schema may allow strings.
func TestAmountInQuotes(t *testing.T) {
	var backoff events.Backoff
	if err := json.Unmarshal([]byte(`{"factor":"2","jitter":0.5}`), &backoff); err != nil {
		t.Fatal(err)
	}
	if _, err := backoff.Jitter.Float64(); err != nil {
		t.Errorf("parsing a number: %v", err)
	}
	if n, err := backoff.Factor.Float64(); err == nil {
		t.Errorf("argo-events parses a quoted Amount as %v now: allow strings in main.go", n)
	}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func field(t *testing.T, format string) string {
	t.Helper()
	text, err := moduleField(format)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readFacts(t *testing.T) (f facts) {
	t.Helper()
	if err := yaml.UnmarshalStrict(read(t, "../../stacks/argo-events/facts.yaml"), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func parse(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
