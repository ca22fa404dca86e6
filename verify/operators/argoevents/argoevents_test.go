package argoevents

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestTypes compares the event source types with facts.yaml, which e2e compares with the Argo Events module.
func TestTypes(t *testing.T) {
	text, err := os.ReadFile("../../../stacks/argo-events/facts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var facts struct {
		EventSources map[string]struct{ Strategy string } `yaml:"eventSources"`
	}
	if err := yaml.Unmarshal(text, &facts); err != nil || len(facts.EventSources) == 0 {
		t.Fatalf("%d types: %v", len(facts.EventSources), err)
	}
	want := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(facts.EventSources)) {
		strategy := facts.EventSources[name].Strategy
		want[strategy] = append(want[strategy], name)
	}
	if !slices.Equal(passive, want["active-passive"]) || !slices.Equal(active, want["active-active"]) || len(want) != 2 {
		t.Errorf("passive %v, active %v: facts.yaml has %v", passive, active, want)
	}
}

func parse[T any](t *testing.T, text string) *T {
	t.Helper()
	into := new(T)
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
	return into
}

func TestElection(t *testing.T) {
	const (
		nats   = `{"spec":{"jetstreamExotic":{"url":"x"}}}`
		kafka  = `{"spec":{"kafka":{"url":"x"}}}`
		leases = `"metadata":{"annotations":{"events.argoproj.io/leader-election":"K8S"}},`
	)
	for _, c := range []struct {
		about, metadata, spec, bus string
		source, sensor             Election
	}{
		{"a calendar has one active pod, elected on the bus", "", `{"calendar":{"a":{}}}`, nats, ByVote, ByVote},
		{"the annotation selects a lease", leases, `{"calendar":{"a":{}}}`, nats, ByLease, ByLease},
		{"on Kafka sources use a lease and sensors share the events", "", `{"calendar":{"a":{}}}`, kafka, ByLease, None},
		{"the annotation changes nothing on Kafka", leases, `{"calendar":{"a":{}}}`, kafka, ByLease, None},
		{"all pods of a webhook are active", leases, `{"webhook":{"a":{}}}`, nats, None, ByLease},
		{"an empty type is ignored", "", `{"calendar":{},"webhook":{"a":{}}}`, nats, None, ByVote},
		{"an unknown bus is assumed to be NATS", "", `{"pubSub":{"a":{}}}`, "", ByVote, ByVote},
		{"nats takes precedence over kafka", "", `{"nats":{"a":{}}}`, `{"spec":{"nats":{"exotic":{}},"kafka":{}}}`, ByVote, ByVote},
	} {
		var bus *EventBus
		if c.bus != "" {
			bus = parse[EventBus](t, c.bus)
		}
		object := "{" + c.metadata + `"spec":` + c.spec + "}"
		if got := parse[EventSource](t, object).Election(bus); got != c.source {
			t.Errorf("%s: EventSource: got %q, want %q", c.about, got, c.source)
		}
		if got := parse[Sensor](t, object).Election(bus); got != c.sensor {
			t.Errorf("%s: Sensor: got %q, want %q", c.about, got, c.sensor)
		}
	}
}

func TestBuses(t *testing.T) {
	for spec, want := range map[string]string{
		`{"jetstream":{"version":"1"}}`:                                                   "eventbus-b-js 3 Parallel []",
		`{"jetstream":{"version":"1","replicas":5,"persistence":{}}}`:                     "eventbus-b-js 5 Parallel [eventbus-b-js-vol 20Gi [ReadWriteOnce]]",
		`{"jetstream":{"persistence":{"volumeSize":"7Gi","accessMode":"ReadWriteMany"}}}`: "eventbus-b-js 3 Parallel [eventbus-b-js-vol 7Gi [ReadWriteMany]]",
		`{"nats":{"native":{"replicas":1,"persistence":{}}}}`:                             "eventbus-b-stan 3  [stan-b-vol 10Gi [ReadWriteOnce]]",
		`{"nats":{"exotic":{}}}`:                                                          "nothing",
		`{"kafka":{"url":"x"}}`:                                                           "nothing",
		`{"jetstreamExotic":{"url":"x"}}`:                                                 "nothing",
		`{"jetstream":{"replicas":2}}`:                                                    "spec.jetstream.replicas: is 2, ",
		`{"jetstream":{"replicas":0}}`:                                                    "spec.jetstream.replicas: is 0, ",
		`{"nats":{}}`:                                                                     "spec.nats: has neither native nor exotic",
		`{}`:                                                                              "spec: has none of jetstream, jetstreamExotic, kafka and nats",
	} {
		bus := parse[EventBus](t, `{"metadata":{"name":"b"},"spec":`+spec+`}`)
		created, err := bus.Dependents()
		got := "nothing"
		var invalid *FieldError
		switch {
		case errors.As(err, &invalid):
			got = err.Error()
		case created.StatefulSet != nil:
			set := created.StatefulSet
			claims := []string{}
			for _, c := range set.Spec.VolumeClaimTemplates {
				claims = append(claims, fmt.Sprint(c.Name, " ", c.Spec.Resources.Requests.Storage(), " ", c.Spec.AccessModes))
			}
			got = fmt.Sprint(set.Name, " ", *set.Spec.Replicas, " ", set.Spec.PodManagementPolicy, " ", claims)
			if s := created.Services[0]; s.Name != set.Spec.ServiceName || s.Spec.Selector["eventbus-name"] != "b" {
				t.Errorf("%s: service %s for %s", spec, s.Name, set.Spec.ServiceName)
			}
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", spec, got, want)
		}
	}
}

// TestOwnLabelsWin checks that the user's labels do not override the labels of the controller.
func TestOwnLabelsWin(t *testing.T) {
	source := parse[EventSource](t, `{"metadata":{"name":"a","labels":{"team":"x","controller":"mine"}},"spec":{"replicas":-1,"webhook":{"w":{}},
		"service":{"ports":[{"port":12000}]},"template":{"metadata":{"labels":{"app":"a","owner-name":"mine"}}}}}`)
	created, err := source.Dependents()
	if err != nil {
		t.Fatal(err)
	}
	d := created.Deployment
	if got := fmt.Sprint(d.Name, *d.Spec.Replicas, d.Labels, d.Spec.Template.Labels, created.Services[0].Name); got !=
		"a-eventsource1 map[controller:eventsource-controller eventsource-name:a owner-name:a team:x]"+
			" map[app:a controller:eventsource-controller eventsource-name:a owner-name:a]a-eventsource-svc" {
		t.Error(got)
	}
	both := parse[EventSource](t, `{"metadata":{"name":"a"},"spec":{"webhook":{"w":{}},"calendar":{"c":{}}}}`)
	if _, err := both.Dependents(); err == nil || !strings.Contains(err.Error(), "calendar (one active pod) and webhook (all pods active)") {
		t.Error(err)
	}
}
