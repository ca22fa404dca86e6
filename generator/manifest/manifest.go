// Package manifest is about Kubernetes objects as YAML text: splitting a stream of them, naming them, writing them to a folder.
package manifest

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Object is one object as text, with what is needed to order and name it.
type Object struct {
	// Source is the template that it comes from, Index its place among that template's objects.
	Source string
	Index  int

	APIVersion string
	Kind       string
	Name       string
	// Hook is set on objects that Helm runs at some moment and does not count to the release.
	Hook bool
	// Text is the object in block style, with a final newline and without a document separator.
	Text string
}

// Split cuts a stream of YAML documents in block style into objects; source names it in errors.
// Empty documents are left out. Nothing is decoded: keys of the root and of metadata are found by their indentation,
// which in block style no other text can have.
func Split(source, stream string) ([]Object, error) {
	var objects []Object
	for text := range documents(stream) {
		o := Object{Source: source, Index: len(objects), Text: text}
		o.scan()
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
	rest, is := strings.CutPrefix(line, "---")
	return is && blank(rest) && !strings.HasPrefix(rest, "#")
}

// blank reports whether a text has nothing but comments in it.
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
		case key == "    helm.sh/hook" && root == "metadata" && second == "annotations":
			o.Hook = true
		}
	}
}

// missing lists what every object must have and o has not.
func (o *Object) missing() []string {
	var names []string
	for _, field := range []struct{ name, value string }{{"apiVersion", o.APIVersion}, {"kind", o.Kind}, {"metadata.name", o.Name}} {
		if field.value == "" {
			names = append(names, field.name)
		}
	}
	return names
}

// scalar decodes a one-line YAML scalar, whatever its quotes.
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
