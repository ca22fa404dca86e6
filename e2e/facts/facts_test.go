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

// listener is what facts.yaml says of one EventSource type.
type listener struct {
	Strategy string `json:"strategy"`
	Port     string `json:"port,omitempty"`
}

// facts is the form of facts.yaml.
type facts struct {
	ArgoEvents        string              `json:"argoEvents"`
	JetstreamVersions []string            `json:"jetstreamVersions"`
	EventSources      map[string]listener `json:"eventSources"`
}

// TestAPIFileIsFresh reads a file outside this module, which the go command does
// not watch: run these tests with -count=1, or an old success is repeated.
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

// TestKubernetesVersion: api.json is wrong, and looks right, when the pod types
// come from another Kubernetes version than the argo-events binary was built with.
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
			want[name] = listener{strategy(t, name), portPath(f.Type.Elem())}
		}
	}
	if len(want) != 32 {
		t.Errorf("the module has %d EventSource types, not 32", len(want))
	}
	got := readFacts(t).EventSources
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: facts.yaml says %+v, the module %+v", name, got[name], want[name])
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is no EventSource type of the module", name)
	}
}

// strategy tells how the type of a JSON key runs with several replicas. The
// constants are spelled "pubsub" where the key is "pubSub", hence EqualFold.
func strategy(t *testing.T, key string) string {
	t.Helper()
	if slices.ContainsFunc(events.RecreateStrategyEventSources, func(e events.EventSourceType) bool {
		return strings.EqualFold(string(e), key)
	}) {
		return "active-passive"
	}
	return "active-active"
}

// TestStrategyConstants catches a constant that EqualFold matches to no key: its
// type would pass for active-active.
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

// portPath returns the path of the HTTP port in one event of the given type, or
// nothing for a type without a WebhookContext.
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
		t.Errorf("facts.yaml is of argo-events %s, go.mod of %s", got.ArgoEvents, version)
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
		t.Errorf("facts.yaml has %v, the controller config %v", got.JetstreamVersions, want)
	}
}

// TestAmountInQuotes is the reason for the rule in main.go: once argo-events
// reads "2" as a number, strings may be let in.
func TestAmountInQuotes(t *testing.T) {
	var backoff events.Backoff
	if err := json.Unmarshal([]byte(`{"factor":"2","jitter":0.5}`), &backoff); err != nil {
		t.Fatal(err)
	}
	if _, err := backoff.Jitter.Float64(); err != nil {
		t.Errorf("a plain number must work: %v", err)
	}
	if n, err := backoff.Factor.Float64(); err == nil {
		t.Errorf("argo-events reads a quoted Amount as %v now: let strings in", n)
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
