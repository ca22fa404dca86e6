// Package manifest handles Kubernetes objects as YAML text: it splits a stream into objects and names their files.
package manifest

import (
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
	// Text is the object in block style, with a final newline and without a document separator.
	Text string
}

// Split splits a stream of YAML documents in block style into objects and skips empty documents. source names the stream in
// errors. It does not decode: it finds the keys of the root and of metadata by their indentation, which is unique in block style.
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
		case key == "    helm.sh/hook" && root == "metadata" && second == "annotations":
			o.Hook = true
		}
	}
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
