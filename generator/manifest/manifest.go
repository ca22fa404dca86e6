// Package manifest handles Kubernetes objects as YAML text: it splits a stream into objects and names their files.
package manifest

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Object is the YAML text of an object, with the fields that order and name it.
type Object struct {
	// Source is the template of the object, Index its position among the objects of that template.
	Source string
	Index  int

	APIVersion string
	Kind       string
	Name       string
	// Hook is set on Helm hooks, which are not part of the release.
	Hook bool
	// Text is the object as YAML, with a final newline and without a document separator.
	Text string
}

// Split splits a stream of YAML documents into objects and skips empty documents. source names the stream in errors. Of a document in
// block style with an indentation of two, as the generator writes it, it finds the keys of the root and of metadata by their
// indentation. It decodes others, which takes much longer.
func Split(source, stream string) ([]Object, error) {
	var objects []Object
	for text := range documents(stream) {
		o := Object{Source: source, Index: len(objects), Text: text}
		o.scan()
		if o.missing() != nil || !o.Hook && strings.Contains(text, hook) {
			if err := o.decode(); err != nil {
				return nil, fmt.Errorf("%s: document %d: %w", source, len(objects)+1, err)
			}
		}
		if missing := o.missing(); missing != nil {
			return nil, fmt.Errorf("%s: document %d has no %s", source, len(objects)+1, strings.Join(missing, ", "))
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// documents yields the texts between separators, without surrounding blank lines.
func documents(stream string) func(func(string) bool) {
	return func(yield func(string) bool) {
		start := 0
		emit := func(end int) bool {
			text := strings.Trim(stream[start:end], "\n")
			return blank(text) || yield(text+"\n")
		}
		for at := 0; at < len(stream); {
			end := at + strings.IndexByte(stream[at:], '\n')
			if end < at {
				end = len(stream)
			}
			if separator(stream[at:end]) {
				if !emit(at) {
					return
				}
				start = min(end+1, len(stream))
			}
			at = end + 1
		}
		emit(len(stream))
	}
}

func separator(line string) bool {
	rest, ok := strings.CutPrefix(line, "---")
	return ok && blank(rest) && !strings.HasPrefix(rest, "#")
}

// blank reports whether a text consists of comments and blank lines only.
func blank(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// scan reads the keys of the root and of metadata that Object has fields for.
func (o *Object) scan() {
	var root, second string
	for line := range strings.Lines(o.Text) {
		if blank(line) {
			continue
		}
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
		name := strings.TrimLeft(key, " ")
		switch len(key) - len(name) {
		case 0:
			root = name
		case 2:
			second = name
		}
		switch {
		case key == "apiVersion":
			o.APIVersion = scalar(value)
		case key == "kind":
			o.Kind = scalar(value)
		case key == "  name" && root == "metadata":
			o.Name = scalar(value)
		case key == "    "+hook && root == "metadata" && second == "annotations":
			o.Hook = true
		}
	}
}

// hook is the annotation of Helm hooks.
const hook = "helm.sh/hook"

// decode reads the fields from the decoded object. A field of the wrong type counts as missing.
func (o *Object) decode() error {
	var all struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name        string         `yaml:"name"`
			Annotations map[string]any `yaml:"annotations"`
		} `yaml:"metadata"`
	}
	var typed *yaml.TypeError
	if err := yaml.Unmarshal([]byte(o.Text), &all); err != nil && !errors.As(err, &typed) {
		return err
	}
	o.APIVersion, o.Kind, o.Name = all.APIVersion, all.Kind, all.Metadata.Name
	_, o.Hook = all.Metadata.Annotations[hook]
	return nil
}

// missing lists the required fields that o does not have.
func (o *Object) missing() []string {
	var names []string
	for _, field := range []struct{ name, value string }{{"apiVersion", o.APIVersion}, {"kind", o.Kind}, {"metadata.name", o.Name}} {
		if field.value == "" {
			names = append(names, field.name)
		}
	}
	return names
}

// scalar decodes a YAML scalar on one line, quoted or plain.
func scalar(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || !strings.ContainsAny(text[:1], `"'`) && !strings.Contains(text, " #") {
		return text
	}
	var s string
	if yaml.Unmarshal([]byte(text), &s) != nil {
		return text
	}
	return s
}
