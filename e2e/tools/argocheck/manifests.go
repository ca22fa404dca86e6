package main

import (
	"errors"
	"fmt"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/reconciler"
	"github.com/argoproj/argo-events/pkg/reconciler/eventsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// object is an object that Argo Events validates. Checks run after the whole stream is read.
type object struct {
	key   string
	check func() error
}

// manifests are the objects of a stream, and the buses and configuration that their checks need.
type manifests struct {
	objects []object
	buses   []*events.EventBus
	config  *reconciler.GlobalConfig
}

// add decodes a document. An error in decoding is the result of the object's check.
func (m *manifests) add(text []byte) error {
	var head struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
	}
	if err := yaml.Unmarshal(text, &head); err != nil {
		return err
	}
	key := fmt.Sprintf("%s %s %s", head.APIVersion, head.Kind, head.Name)
	switch {
	case head.APIVersion == "v1" && head.Kind == "ConfigMap":
		return m.addConfig(key, text)
	case head.APIVersion != events.SchemeGroupVersion.String():
	case head.Kind == "EventBus":
		bus := &events.EventBus{}
		m.buses = append(m.buses, bus)
		m.addObject(key, decode(text, bus), func() error { return checkEventBus(m, bus) })
	case head.Kind == "EventSource":
		source := &events.EventSource{}
		m.addObject(key, decode(text, source), func() error { return eventsource.ValidateEventSource(source) })
	case head.Kind == "Sensor":
		sensor := &events.Sensor{}
		m.addObject(key, decode(text, sensor), func() error { return checkSensor(m, sensor) })
	}
	return nil
}

func (m *manifests) addConfig(key string, text []byte) error {
	var configMap corev1.ConfigMap
	if err := yaml.Unmarshal(text, &configMap); err != nil {
		return err
	}
	config, ok := configMap.Data["controller-config.yaml"]
	if !ok {
		return nil
	}
	var err error
	m.config, err = loadConfig(config)
	m.addObject(key, err, func() error { return reconciler.ValidateConfig(m.config) })
	return nil
}

// addObject adds a check, or the error in decoding.
func (m *manifests) addObject(key string, decoding error, check func() error) {
	if decoding != nil {
		check = func() error { return decoding }
	}
	m.objects = append(m.objects, object{key, check})
}

// decode decodes an object like the API machinery, case-sensitively, but unknown fields and duplicate keys are errors.
func decode(text []byte, into any) error {
	converted, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	strict, err := json.UnmarshalStrict(converted, into)
	return errors.Join(append(strict, err)...)
}
