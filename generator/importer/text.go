package importer

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/internal/table"
	"sigs.k8s.io/yaml"
)

// WriteValues writes the values as YAML.
func (r *Result) WriteValues(out io.Writer) error {
	text, err := yaml.Marshal(r.Values)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "# Values of the chart argo-events, imported from namespace %s.\n%s", plain.Text(r.Namespace), text)
	return err
}

// Write writes the plan of the move as text for a terminal.
func (r *Result) Write(out io.Writer) error {
	var s strings.Builder
	paragraph := func(first, text string) {
		s.WriteString(table.Lines{First: first, Rest: strings.Repeat(" ", len(first))}.Wrap(strings.Fields(text)))
	}
	paragraph("", r.Summary())
	r.controllerText(paragraph)
	for _, section := range []struct {
		title string
		notes []Note
	}{{"Findings", r.Findings}, {"Effects of the move", r.Notes}} {
		if len(section.notes) > 0 {
			s.WriteString("\n" + section.title + "\n")
		}
		for _, n := range section.notes {
			paragraph("  - ", prefixed(n))
		}
	}
	r.differenceText(&s, paragraph)
	if len(r.Steps) > 0 {
		s.WriteString("\nSteps\n")
	}
	for n, step := range r.Steps {
		paragraph(fmt.Sprintf("  %d. ", n+1), step.Text)
		for _, c := range step.Commands {
			fmt.Fprintf(&s, "       %s\n", plain.Text(c))
		}
	}
	_, err := io.WriteString(out, s.String())
	return err
}

// Summary is the result in a sentence.
func (r *Result) Summary() string {
	state := "everything is carried over, apart from what the chart adds"
	switch {
	case len(r.Imported) == 0:
		state = "nothing is imported"
	case len(r.Findings) == 1:
		state = "1 finding"
	case len(r.Findings) > 1:
		state = fmt.Sprintf("%d findings", len(r.Findings))
	}
	return fmt.Sprintf("%s: %d objects of namespace %s with profile %s: %s", state, len(r.Imported), r.Namespace, r.Profile, cmp.Or(strings.Join(r.Imported, ", "), "none"))
}

func (r *Result) controllerText(paragraph func(first, text string)) {
	if c := r.Controller; c != nil {
		paragraph("", fmt.Sprintf("controller: Deployment %s, image %s, watches %s", c.Deployment, c.Image, cmp.Or(c.Watches, "all namespaces")))
	}
	for _, l := range r.LeastController {
		paragraph("  ", fmt.Sprintf("needs %s: %s", l.Version, l.Reason))
	}
}

func prefixed(n Note) string {
	if n.Object == "" {
		return n.Text
	}
	return n.Object + ": " + n.Text
}

// differenceText lists added and ignored fields, each with the objects that have it. The others are findings.
func (r *Result) differenceText(s *strings.Builder, paragraph func(first, text string)) {
	for _, section := range []struct {
		effect Effect
		title  string
	}{{Added, "Fields that the chart adds"}, {Ignored, "Fields that Argo Events does not have, and ignores"}} {
		objects := map[string][]string{}
		for _, d := range r.Differences {
			if d.Effect == section.effect {
				objects[d.Field] = append(objects[d.Field], d.Object)
			}
		}
		if len(objects) > 0 {
			s.WriteString("\n" + section.title + "\n")
		}
		for _, field := range slices.Sorted(maps.Keys(objects)) {
			paragraph("  - ", field+": "+strings.Join(objects[field], ", "))
		}
	}
}
