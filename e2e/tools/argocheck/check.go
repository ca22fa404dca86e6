package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/reconciler"
	"github.com/argoproj/argo-events/pkg/reconciler/eventbus"
	"github.com/argoproj/argo-events/pkg/reconciler/sensor"
	"github.com/argoproj/argo-events/pkg/shared/util"
)

// loadConfig decodes the configuration like reconciler.LoadConfig, which reads it from a fixed path. An unknown key is an error here.
func loadConfig(text string) (*reconciler.GlobalConfig, error) {
	v := util.ViperWithLogging()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(strings.NewReader(text)); err != nil {
		return nil, err
	}
	config := &reconciler.GlobalConfig{}
	return config, v.UnmarshalExact(config)
}

func checkEventBus(m *manifests, bus *events.EventBus) error {
	if err := eventbus.ValidateEventBus(bus); err != nil {
		return err
	}
	// Without a configuration, the release has no controller, and the supported versions are unknown.
	if bus.Spec.JetStream == nil || m.config == nil {
		return nil
	}
	_, err := m.config.GetJetStreamVersion(bus.Spec.JetStream.Version)
	return err
}

// checkSensor validates a sensor with its bus, because the rules depend on the bus.
func checkSensor(m *manifests, s *events.Sensor) error {
	name := cmp.Or(s.Spec.EventBusName, events.DefaultEventBusName)
	at := slices.IndexFunc(m.buses, func(b *events.EventBus) bool { return b.Name == name })
	if at < 0 {
		return fmt.Errorf("EventBus %q not found", name)
	}
	return sensor.ValidateSensor(s, m.buses[at])
}
