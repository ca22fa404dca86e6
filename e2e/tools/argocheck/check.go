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

// loadConfig reads the configuration like reconciler.LoadConfig, which takes it from a fixed place in the controller's
// image. A key that the controller does not know is an error here.
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
	// Without a configuration the controller is somebody else's, and so are the versions it knows.
	if bus.Spec.JetStream == nil || m.config == nil {
		return nil
	}
	_, err := m.config.GetJetStreamVersion(bus.Spec.JetStream.Version)
	return err
}

// checkSensor checks a sensor with its bus, by which the rules differ.
func checkSensor(m *manifests, s *events.Sensor) error {
	name := cmp.Or(s.Spec.EventBusName, events.DefaultEventBusName)
	at := slices.IndexFunc(m.buses, func(b *events.EventBus) bool { return b.Name == name })
	if at < 0 {
		return fmt.Errorf("there is no EventBus %q", name)
	}
	return sensor.ValidateSensor(s, m.buses[at])
}
