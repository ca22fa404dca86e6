package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// findingGroup is findings of one rule with the same message and remedy, apart from names and numbers.
type findingGroup struct {
	Finding
	// Others are the other findings.
	Others []Finding
}

// groupFindings groups findings: the most severe first, then in the order of the first of each group.
func groupFindings(all []Finding) []findingGroup {
	rank := []string{"error", "warning", "note"}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Finding) int { return slices.Index(rank, a.Severity) - slices.Index(rank, b.Severity) })
	var groups []findingGroup
	at := map[string]int{}
	for _, f := range all {
		key := strings.Join([]string{f.Rule, f.Severity, f.Ignored, general(f.Fix, f.Object), general(f.Message, f.Object)}, "\x00")
		if i, ok := at[key]; ok {
			groups[i].Others = append(groups[i].Others, f)
			continue
		}
		at[key] = len(groups)
		groups = append(groups, findingGroup{Finding: f})
	}
	return groups
}

// general returns text without what differs between equal findings on several objects: the object's own name, other objects, and
// words with digits.
func general(text, object string) string {
	_, name, _ := strings.Cut(object, " ")
	name = name[strings.LastIndexByte(name, '/')+1:]
	words := strings.Fields(named.ReplaceAllString(text, "$1 #"))
	for i, word := range words {
		if name != "" && strings.Contains(word, name) || strings.ContainsAny(word, "0123456789") {
			words[i] = "#"
		}
	}
	return strings.Join(words, " ")
}

// named matches an object in a message: its kind and its name.
var named = regexp.MustCompile(`\b([A-Z][A-Za-z]+) [a-z0-9][a-z0-9./-]*`)

// More is the other findings in one line, "" if there are none.
func (g findingGroup) More() string {
	if len(g.Others) == 0 {
		return ""
	}
	var names []string
	for _, f := range g.Others {
		names = append(names, fmt.Sprintf("%s (%s:%d)", f.Object, f.File, f.Line))
	}
	return fmt.Sprintf("and %d more: %s", len(g.Others), shorten(names))
}

// shorten joins a list, and counts what is beyond the first few.
func shorten(list []string) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(list[:most], ", "), len(list)-most)
}

// assumptions returns the assumptions without those on replication, which the table marks. Equal ones about several objects are one
// line with a count.
func (r Report) assumptions() []string {
	var lines []string
	objects := map[string][]string{}
	first := map[string]string{}
	var order []string
	for _, text := range r.Assumed[r.models():] {
		key, object := text, ""
		if m := placed.FindStringSubmatch(text); m != nil {
			object = m[1]
			key = general(m[2], object)
		}
		if first[key] == "" {
			first[key] = text
			order = append(order, key)
		}
		objects[key] = append(objects[key], object)
	}
	for _, key := range order {
		line := first[key]
		if n := len(objects[key]); n > 1 {
			line += fmt.Sprintf(" (and %d more: %s)", n-1, shorten(objects[key][1:]))
		}
		lines = append(lines, line)
	}
	return lines
}

// models is the number of assumptions on replication, which are the first.
func (r Report) models() int {
	n := 0
	for _, w := range r.Workloads {
		if w.Assumed {
			n++
		}
	}
	return min(n, len(r.Assumed))
}

// placed matches an assumption about an object: "file:line: Kind name: text".
var placed = regexp.MustCompile(`^\S+:\d+: ([A-Z]\w* \S+): (.*)$`)

// unsupported returns the objects of unsupported kinds, one entry for each kind: "Kafka events/a", "Rollout (3): a, b, c".
func (r Report) unsupported() []string {
	names := map[string][]string{}
	var kinds []string
	for _, object := range r.Unsupported {
		kind, name, _ := strings.Cut(object, " ")
		if names[kind] == nil {
			kinds = append(kinds, kind)
		}
		names[kind] = append(names[kind], name)
	}
	slices.Sort(kinds)
	var all []string
	for _, kind := range kinds {
		if n := len(names[kind]); n > 1 {
			all = append(all, fmt.Sprintf("%s (%d): %s", kind, n, shorten(names[kind])))
		} else {
			all = append(all, kind+" "+names[kind][0])
		}
	}
	return all
}
