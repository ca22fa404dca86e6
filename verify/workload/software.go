package workload

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/models"
)

// settings are the ConfigMaps and Secrets of the manifests: their entries by kind, namespace and name. The values of Secrets are
// read for settings and never printed.
type settings map[key]map[string]string

func (s *System) settings() (settings, error) {
	all := settings{}
	for _, o := range s.Objects {
		if o.APIVersion != "v1" || o.Kind != "ConfigMap" && o.Kind != "Secret" {
			continue
		}
		var fields struct {
			Data       map[string]string `json:"data"`
			BinaryData map[string]string `json:"binaryData"`
			StringData map[string]string `json:"stringData"`
		}
		if err := o.Decode(&fields); err != nil {
			return nil, err
		}
		if o.Kind == "Secret" {
			for name, text := range fields.Data {
				plain, _ := base64.StdEncoding.DecodeString(text) // the API server validates it
				fields.Data[name] = string(plain)
			}
			if fields.Data == nil {
				fields.Data = map[string]string{}
			}
			maps.Copy(fields.Data, fields.StringData)
		}
		all[key{"", o.Kind, o.Namespace, o.Name}] = fields.Data
	}
	return all, nil
}

// ByHand returns why a pod that replaces another one serves only once a person has acted; "" if it serves by itself, or if another
// container may act instead.
func (w *Workload) ByHand() string {
	if w.Software == nil || len(w.Template.Spec.Containers) > 1 {
		return ""
	}
	return w.Software.ByHand
}

// subject returns a workload as the entries of package models match it.
func (c settings) subject(w *Workload) models.Subject {
	s := models.Subject{Kind: w.Kind, Pods: w.Replicas, Labels: w.Template.Labels, Claims: len(w.Claims) > 0}
	if w.Kind == Pods {
		s.Kind = StatefulSet
	}
	s.Config = slices.Clone(w.config)
	for i, container := range w.Template.Spec.Containers {
		if i == 0 && w.image != "" {
			container.Image = w.image
		}
		one := models.Container{Image: container.Image, Command: strings.Join(slices.Concat(container.Command, container.Args), " "), Env: c.env(w, container)}
		for _, p := range container.Ports {
			one.Ports = append(one.Ports, p.ContainerPort)
		}
		s.Containers = append(s.Containers, one)
	}
	seen := map[key]bool{}
	use := func(kind, name string) {
		if k := (key{"", kind, w.Namespace, name}); !seen[k] {
			seen[k] = true
			for _, entry := range slices.Sorted(maps.Keys(c[k])) {
				s.Config = append(s.Config, c[k][entry])
			}
		}
	}
	for _, v := range w.Template.Spec.Volumes {
		if v.ConfigMap != nil {
			use("ConfigMap", v.ConfigMap.Name)
		}
		if v.Secret != nil {
			use("Secret", v.Secret.SecretName)
		}
		if v.Projected != nil {
			for _, from := range v.Projected.Sources {
				if from.ConfigMap != nil {
					use("ConfigMap", from.ConfigMap.Name)
				}
				if from.Secret != nil {
					use("Secret", from.Secret.Name)
				}
			}
		}
	}
	return s
}

// env returns the variables of a container: "" for a value that is not in the manifests.
func (c settings) env(w *Workload, container corev1.Container) map[string]string {
	all := map[string]string{}
	for _, from := range container.EnvFrom {
		var entries map[string]string
		if from.ConfigMapRef != nil {
			entries = c[key{"", "ConfigMap", w.Namespace, from.ConfigMapRef.Name}]
		}
		if from.SecretRef != nil {
			entries = c[key{"", "Secret", w.Namespace, from.SecretRef.Name}]
		}
		for name, value := range entries {
			all[from.Prefix+name] = value
		}
	}
	for _, v := range container.Env {
		all[v.Name] = v.Value
		if v.ValueFrom == nil {
			continue
		}
		if ref := v.ValueFrom.ConfigMapKeyRef; ref != nil {
			all[v.Name] = c[key{"", "ConfigMap", w.Namespace, ref.Name}][ref.Key]
		}
		if ref := v.ValueFrom.SecretKeyRef; ref != nil {
			all[v.Name] = c[key{"", "Secret", w.Namespace, ref.Name}][ref.Key]
		}
	}
	return all
}
