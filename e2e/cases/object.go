package cases

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// Object is a Kubernetes object: its YAML text and the decoded content.
type Object struct {
	Text    string
	Content map[string]any
}

// Decode splits a stream of YAML documents into objects. A duplicate key is an error.
func Decode(stream []byte) ([]Object, error) {
	var objects []Object
	for _, text := range documents(string(stream)) {
		o := Object{Text: text}
		if err := yaml.UnmarshalStrict([]byte(text), &o.Content); err != nil {
			return nil, fmt.Errorf("%w in\n%s", err, text)
		}
		// The document has only comments.
		if o.Content == nil {
			continue
		}
		if o.APIVersion() == "" || o.Kind() == "" || o.Name() == "" {
			return nil, fmt.Errorf("object without apiVersion, kind or name:\n%s", text)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func documents(stream string) []string {
	var all []string
	var document strings.Builder
	for line := range strings.Lines(stream) {
		if strings.TrimRight(line, " \t\r\n") == "---" {
			all = append(all, document.String())
			document.Reset()
			continue
		}
		document.WriteString(line)
	}
	return append(all, document.String())
}

// APIVersion returns apiVersion.
func (o Object) APIVersion() string { return text(o.Content["apiVersion"]) }

// Kind returns kind.
func (o Object) Kind() string { return text(o.Content["kind"]) }

// Name returns metadata.name.
func (o Object) Name() string { return text(o.metadata()["name"]) }

// Hook reports whether the object is a Helm hook, which is not part of the release.
func (o Object) Hook() bool {
	annotations, _ := o.metadata()["annotations"].(map[string]any)
	return annotations["helm.sh/hook"] != nil
}

// Key identifies the object in its release.
func (o Object) Key() string { return o.APIVersion() + " " + o.Kind() + " " + o.Name() }

// Into decodes the object into a Kubernetes type, or a struct with some of its fields.
func (o Object) Into(target any) error {
	if err := yaml.Unmarshal([]byte(o.Text), target); err != nil {
		return fmt.Errorf("decoding %s: %w", o.Key(), err)
	}
	return nil
}

func (o Object) metadata() map[string]any {
	m, _ := o.Content["metadata"].(map[string]any)
	return m
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
