package kustomize

import (
	"slices"
	"strings"
)

// plain is an object's text without what only Helm reads, and without the namespace of the release: an overlay gives one.
// Objects are in block style (package manifest), so that keys are found by their indentation and comments stay.
func plain(text, namespace string) string {
	root := entries(strings.SplitAfter(text, "\n"), 0)
	for i, top := range root {
		if top.key != "metadata" {
			continue
		}
		fields := entries(top.below(), 2)
		for j := range fields {
			if f := &fields[j]; f.key == "labels" || f.key == "annotations" {
				f.keep(slices.DeleteFunc(entries(f.below(), 4), helmOnly))
			}
		}
		fields = slices.DeleteFunc(fields, func(f entry) bool {
			return f.key == "namespace" && f.value == namespace || f.lines == nil
		})
		root[i].keep(fields)
	}
	return joined(root)
}

// helmOnly reports whether a label or annotation means something to Helm alone.
func helmOnly(e entry) bool {
	return strings.HasPrefix(e.key, "helm.sh/") || e.key == "app.kubernetes.io/managed-by" && e.value == "Helm"
}

// metadata returns the value of a key of the metadata, or of a key of that: metadata(text, "labels", "a").
func metadata(text string, path ...string) string {
	lines, indent := strings.SplitAfter(text, "\n"), 0
	for i, key := range append([]string{"metadata"}, path...) {
		at := slices.IndexFunc(entries(lines, indent), func(e entry) bool { return e.key == key })
		if at < 0 {
			return ""
		}
		e := entries(lines, indent)[at]
		if i == len(path) {
			return e.value
		}
		lines, indent = e.below(), indent+2
	}
	return ""
}

// entry is a key of a map in block style with all that belongs to it: the comments before it and what is below it.
type entry struct {
	key, value string
	lines      []string
	// at is the line with the key.
	at int
}

func (e entry) below() []string {
	if e.lines == nil {
		return nil
	}
	return e.lines[e.at+1:]
}

// keep makes inner all that is below the key; a key with nothing below it goes, too.
func (e *entry) keep(inner []entry) {
	if e.value != "" {
		return
	}
	if len(inner) == 0 {
		e.lines = nil
		return
	}
	e.lines = append(slices.Clone(e.lines[:e.at+1]), joined(inner))
}

// entries cuts the lines of a map whose keys stand at an indentation. What comes before the first key belongs to it.
func entries(lines []string, indent int) []entry {
	var all []entry
	var comments []string
	for _, line := range lines {
		text := strings.TrimSpace(line)
		here := len(line)-len(strings.TrimLeft(line, " ")) == indent && text != ""
		switch {
		case here && text[0] == '#':
			comments = append(comments, line)
		case here:
			key, value, _ := strings.Cut(text, ":")
			all = append(all, entry{unquoted(key), unquoted(value), append(comments, line), len(comments)})
			comments = nil
		case len(all) == 0:
			comments = append(comments, line)
		default:
			last := &all[len(all)-1]
			last.lines = append(append(last.lines, comments...), line)
			comments = nil
		}
	}
	if len(all) > 0 {
		last := &all[len(all)-1]
		last.lines = append(last.lines, comments...)
	}
	return all
}

func unquoted(text string) string { return strings.Trim(strings.TrimSpace(text), `"'`) }

func joined(all []entry) string {
	var out strings.Builder
	for _, e := range all {
		for _, line := range e.lines {
			out.WriteString(line)
		}
	}
	return out.String()
}
