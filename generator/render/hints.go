package render

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
)

// withDescriptions adds the schema's description of each named key to a validation error.
func withDescriptions(err error, schema []byte) error {
	var root map[string]any
	if json.Unmarshal(schema, &root) != nil {
		return err
	}
	var lines []string
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSuffix(line, "\n")
		if at := located.FindStringSubmatch(line); at != nil && !strings.HasSuffix(line, " failed") {
			if text := description(root, schemasAt(root, at[1])); text != "" {
				line += " (" + text + ")"
			}
		}
		lines = append(lines, line)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// located matches a line about the value at a JSON pointer. A line that ends in "failed" only groups the lines below it.
var located = regexp.MustCompile(`^ *- at '(/[^']*)': `)

// schemasAt returns the schemas that apply to the value at a JSON pointer.
func schemasAt(root map[string]any, pointer string) []map[string]any {
	schemas := []map[string]any{root}
	for _, key := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		var below []map[string]any
		for _, s := range schemas {
			for _, s := range expanded(root, s) {
				below = append(below, child(s, key)...)
			}
		}
		schemas = below
	}
	return schemas
}

// expanded returns s and the schemas that it refers to or combines.
func expanded(root, s map[string]any) []map[string]any {
	all := []map[string]any{s}
	if ref, ok := s["$ref"].(string); ok {
		all = append(all, expanded(root, definition(root, ref))...)
	}
	branches, _ := s["allOf"].([]any)
	for _, branch := range branches {
		if branch, ok := branch.(map[string]any); ok {
			all = append(all, expanded(root, branch)...)
		}
	}
	return all
}

// definition returns the schema at "#/a/b"; nil if there is none.
func definition(root map[string]any, ref string) map[string]any {
	at := root
	for _, key := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at, _ = at[key].(map[string]any)
	}
	return at
}

// child returns the schemas that s has for its key, or for the items of a list.
func child(s map[string]any, key string) []map[string]any {
	var all []map[string]any
	add := func(schema any) bool {
		m, ok := schema.(map[string]any)
		if ok {
			all = append(all, m)
		}
		return ok
	}
	properties, _ := s["properties"].(map[string]any)
	named := add(properties[key])
	patterns, _ := s["patternProperties"].(map[string]any)
	for pattern, schema := range patterns {
		if ok, err := regexp.MatchString(pattern, key); err == nil && ok {
			named = add(schema) || named
		}
	}
	if !named {
		add(s["additionalProperties"])
	}
	add(s["items"])
	return all
}

// description returns the first description in the schemas.
func description(root map[string]any, schemas []map[string]any) string {
	for _, s := range schemas {
		for _, s := range expanded(root, s) {
			if text, ok := s["description"].(string); ok {
				return text
			}
		}
	}
	return ""
}
