package kustomize

import (
	"strings"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// plain removes the labels and annotations that only Helm reads, and the namespace of the release: an overlay sets one.
// Comments stay, except on removed fields.
func plain(object *kyaml.RNode, namespace string) error {
	metadata, err := object.Pipe(kyaml.Get(kyaml.MetadataField))
	if err != nil || metadata == nil {
		return err
	}
	if object.GetNamespace() == namespace {
		if err := metadata.PipeE(kyaml.Clear(kyaml.NamespaceField)); err != nil {
			return err
		}
	}
	for _, name := range []string{kyaml.LabelsField, kyaml.AnnotationsField} {
		values, err := metadata.Pipe(kyaml.Get(name))
		if err != nil {
			return err
		}
		if values.IsNilOrEmpty() {
			continue
		}
		if err := removeHelmOnly(values); err != nil {
			return err
		}
		if err := metadata.PipeE(kyaml.FieldClearer{Name: name, IfEmpty: true}); err != nil {
			return err
		}
	}
	return nil
}

func removeHelmOnly(values *kyaml.RNode) error {
	return values.VisitFields(func(field *kyaml.MapNode) error {
		key := kyaml.GetValue(field.Key)
		if !helmOnly(key, kyaml.GetValue(field.Value)) {
			return nil
		}
		return values.PipeE(kyaml.Clear(key))
	})
}

// helmOnly reports whether only Helm reads a label or annotation.
func helmOnly(key, value string) bool {
	return strings.HasPrefix(key, "helm.sh/") || key == "app.kubernetes.io/managed-by" && value == "Helm"
}
