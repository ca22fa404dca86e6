package chart

import (
	"testing"
	"time"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"sigs.k8s.io/yaml"
)

// eventBus returns the spec of the case's EventBus, or an empty one.
func (r release) eventBus() (spec events.EventBusSpec) {
	for _, o := range r.ofKind("EventBus") {
		var eventBus events.EventBus
		// TestValidators reports errors.
		if o.Into(&eventBus) == nil {
			spec = eventBus.Spec
		}
	}
	return spec
}

// promise is the configuration of the stream in an EventBus, with the fields of streamConfig.
type promise struct {
	Replicas   int
	MaxAge     duration
	MaxMsgs    int64
	MaxBytes   int64
	Duplicates duration
	Retention  int
	Discard    int
}

type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

// promiseOf decodes the streamConfig of an EventBus.
func promiseOf(t *testing.T, spec events.EventBusSpec) (p promise) {
	t.Helper()
	text := ""
	switch {
	case spec.JetStreamExotic != nil:
		text = spec.JetStreamExotic.StreamConfig
	case spec.JetStream != nil && spec.JetStream.StreamConfig != nil:
		text = *spec.JetStream.StreamConfig
	}
	if err := yaml.UnmarshalStrict([]byte(text), &p); err != nil || p.Replicas == 0 {
		t.Fatalf("streamConfig: %v in %q", err, text)
	}
	return p
}

// equal reports a difference between two values.
func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
