package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-ha/holdfast/generator/stack"
	"go.yaml.in/yaml/v3"
)

// readme writes README.md, with a table of every value. It reads values.yaml, which must be complete.
func (g *generation) readme() error {
	return g.write("README.md", "README.md", g)
}

// HasStorage reports whether any component of the chart has disks.
func (g *generation) HasStorage() bool {
	return slices.ContainsFunc(g.Components, func(c stack.Component) bool { return c.Storage != nil })
}

// HasCRDs reports whether the chart has CustomResourceDefinitions.
func (g *generation) HasCRDs() bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(g.files)), func(file string) bool { return strings.HasPrefix(file, "crds/") })
}

// Section is a part of the README's reference of values: one component, or the whole release.
type Section struct {
	Title, Description string
	// Table is Markdown.
	Table string
}

// Reference lists the values of the chart: the release's first, then each component's.
func (g *generation) Reference() ([]Section, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(g.files["values.yaml"], &document); err != nil {
		return nil, fmt.Errorf("values.yaml: %w", err)
	}
	rows, err := g.rows(document.Content[0], "")
	if err != nil {
		return nil, err
	}
	componentOf := func(row []string) string {
		key, _, _ := strings.Cut(strings.Trim(row[0], "`"), ".")
		return key
	}
	sections := []Section{{Title: "Release", Description: "Values of the whole release."}}
	for _, c := range g.Components {
		own := slices.DeleteFunc(slices.Clone(rows), func(row []string) bool { return componentOf(row) != c.Name })
		rows = slices.DeleteFunc(rows, func(row []string) bool { return componentOf(row) == c.Name })
		sections = append(sections, Section{c.Name, own[0][2], table(own[1:])})
	}
	sections[0].Table = table(rows)
	return sections, nil
}

// rows lists the values in a mapping of values.yaml: key, default and description. A map with a description has a row
// without a default.
func (g *generation) rows(mapping *yaml.Node, prefix string) ([][]string, error) {
	var rows [][]string
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		path := prefix + key.Value
		text := g.description(path, key.HeadComment)
		if value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0 {
			below, err := g.rows(value, path+".")
			if err != nil {
				return nil, err
			}
			if text != "" {
				rows = append(rows, []string{code(path), "", text})
			}
			rows = append(rows, below...)
			continue
		}
		byDefault, err := g.defaultText(path, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		rows = append(rows, []string{code(path), byDefault, text})
	}
	return rows, nil
}

// defaultText returns the default of the value at path, or the value of each profile.
func (g *generation) defaultText(path string, value *yaml.Node) (string, error) {
	k, ok := g.decided[path]
	if !ok {
		text, err := flow(value)
		return code(text), err
	}
	if k.same() {
		return code(k.Values[0]), nil
	}
	if line := strings.Join(k.pairs(g.Profiles, "%s `%s`"), ", "); len(line) <= widest {
		return line, nil
	}
	return strings.Join(k.groups(g.Profiles, "%s `%s`"), "; "), nil
}

// description returns the description in a comment of values.yaml, without the values of profiles and examples.
func (g *generation) description(path, comment string) string {
	if k, ok := g.decided[path]; ok {
		return k.Rule
	}
	_, comment, ok := strings.Cut("\n"+comment, "\n# -- ")
	if !ok {
		return ""
	}
	var words []string
	for line := range strings.Lines(comment) {
		line = strings.TrimSuffix(strings.TrimPrefix(line, "# "), "\n")
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "#") {
			break // an example
		}
		words = append(words, line)
	}
	text := strings.Join(words, " ")
	for original, first := range g.described {
		if text == fmt.Sprintf(likeForm, first) {
			return original
		}
	}
	return strings.TrimSuffix(text, " Example:")
}

func code(text string) string { return "`" + text + "`" }

// widest is the maximum width in characters of aligned cells in the source; wider cells are not padded.
const widest = 60

// table writes rows in Markdown with aligned columns.
func table(rows [][]string) string {
	rows = append([][]string{{"key", "default", "description"}, {"---", "---", "---"}}, rows...)
	widths := make([]int, 2)
	for _, row := range rows {
		for i := range widths {
			if n := utf8.RuneCountInString(row[i]); n <= widest {
				widths[i] = max(widths[i], n)
			}
		}
	}
	var out strings.Builder
	for _, row := range rows {
		out.WriteString("|")
		for i, cell := range row {
			cell = strings.ReplaceAll(cell, "|", `\|`)
			if i < len(widths) {
				cell += strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
			}
			out.WriteString(" " + cell + " |")
		}
		out.WriteString("\n")
	}
	return out.String()
}
