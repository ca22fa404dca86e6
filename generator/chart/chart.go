// Package chart turns a stack and the profiles into a Helm chart, as a person would write it.
//
// The template set in templates/ has two languages in it: [[ ]] is filled in here, once, from the stack; {{ }} is Helm's and
// passes through. What a profile decides never becomes template logic: it is compiled into profiles/<name>.yaml inside
// the chart, and the templates look it up.
package chart

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"go.yaml.in/yaml/v3"
)

//go:embed all:templates
var templates embed.FS

// Files is a folder: the content of each file by its slash-separated path.
type Files map[string][]byte

// New generates the chart of s for all profiles. The same input gives the same bytes.
// Errors name the part of the stack that could not be turned into a chart.
func New(s stack.Stack, profiles []profile.Profile) (Files, error) {
	set, err := parseTemplates()
	if err != nil {
		return nil, err
	}
	g := generation{Stack: s, Profiles: profiles, set: set, files: Files{}}
	for _, step := range []func() error{g.whole, g.components, g.own, g.profileValues, g.values, g.valuesSchema, g.ciValues} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("generating the chart of stack %q: %w", s.Name, err)
		}
	}
	return g.files, nil
}

// generation is a chart in the making.
type generation struct {
	stack.Stack
	Profiles []profile.Profile
	set      *template.Template
	files    Files
}

// wholeFiles maps the template set's files that stand once in a chart to their places in it.
var wholeFiles = map[string]string{
	"Chart.yaml":        "Chart.yaml",
	"README.md":         "README.md",
	"helmignore":        ".helmignore",
	"_names.tpl":        "templates/_names.tpl",
	"_values.tpl":       "templates/_values.tpl",
	"NOTES.txt":         "templates/NOTES.txt",
	"extraobjects.yaml": "templates/extraobjects.yaml",
	"refusals.yaml":     "templates/refusals.yaml",
}

func (g *generation) whole() error {
	for name, file := range wholeFiles {
		if err := g.write(file, name, g); err != nil {
			return err
		}
	}
	return nil
}

// write executes one template of the set into a file of the chart.
func (g *generation) write(file, name string, data any) error {
	var text bytes.Buffer
	if err := g.set.ExecuteTemplate(&text, name, data); err != nil {
		return err
	}
	g.files[file] = text.Bytes()
	return nil
}

// own takes over what the stack brings itself, with its [[ ]] filled in.
func (g *generation) own() error {
	if g.Own == nil {
		return nil
	}
	return fs.WalkDir(g.Own, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !taken(file) {
			return err
		}
		text, err := fs.ReadFile(g.Own, file)
		if err != nil {
			return err
		}
		if _, there := g.files[file]; there {
			return fmt.Errorf("%s: every chart has a file of that name", file)
		}
		g.files[file], err = g.fill(file, string(text))
		return err
	})
}

// taken reports whether a file of the stack's folder goes into the chart as it is; the others feed the generated ones.
func taken(file string) bool {
	top, _, _ := strings.Cut(file, "/")
	return top == "templates" || top == "crds" || top == "files"
}

// Brings reports whether the stack's folder has a file.
func (g *generation) Brings(file string) bool {
	text, _ := g.ownFile(file)
	return text != nil
}

// OwnText is a file of the stack's folder with an empty line after it; nothing if there is none.
func (g *generation) OwnText(file string) (string, error) {
	text, err := g.ownFile(file)
	if text == nil {
		return "", err
	}
	return strings.TrimSpace(string(text)) + "\n\n", err
}

// OwnData is a YAML file of the stack's folder as data.
func (g *generation) OwnData(file string) (map[string]any, error) {
	text, err := g.ownFile(file)
	if err != nil {
		return nil, err
	}
	var data map[string]any
	return data, yaml.Unmarshal(text, &data)
}

// fill executes text, a file of the stack's own, in the template set.
func (g *generation) fill(file, text string) ([]byte, error) {
	set, err := g.set.Clone()
	if err != nil {
		return nil, err
	}
	t, err := set.New(file).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, g)
	return out.Bytes(), err
}

func parseTemplates() (*template.Template, error) {
	set := template.New("chart").Delims("[[", "]]").Option("missingkey=error").Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{"toYaml": toYAML})
	err := fs.WalkDir(templates, "templates", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templates.ReadFile(file)
		if err != nil {
			return err
		}
		_, err = set.New(strings.TrimPrefix(file, "templates/")).Parse(string(text))
		return err
	})
	return set, err
}

// toYAML writes v in two-space YAML without a final newline; nothing for an empty node.
func toYAML(v any) (string, error) {
	if node, ok := v.(yaml.Node); ok {
		v = &node
	}
	if node, ok := v.(*yaml.Node); ok && node.IsZero() {
		return "", nil
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return alone.ReplaceAllStringFunc(strings.TrimSuffix(out.String(), "\n"), func(s string) string {
		return strings.ReplaceAll(strings.Trim(s, "'"), "''", "'")
	}), nil
}

// alone matches a value that is one Helm expression. YAML quotes it; it is put out as it is, and has to quote itself.
var alone = regexp.MustCompile(`(?m)'\{\{[^{}]*\}\}'$`)
