package chart

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// values writes values.yaml: what users write first, then each component, then what every chart has.
func (g *generation) values() error {
	var out bytes.Buffer
	if err := g.set.ExecuteTemplate(&out, "values.yaml", g); err != nil {
		return err
	}
	own, err := g.ownFile("values.yaml")
	if err != nil {
		return err
	}
	out.Write(own)
	for _, c := range g.Components {
		text, err := g.componentValues(c)
		if err != nil {
			return fmt.Errorf("values of component %q: %w", c.Name, err)
		}
		out.WriteString(text)
	}
	if err := g.set.ExecuteTemplate(&out, "values-common.yaml", g); err != nil {
		return err
	}
	g.files["values.yaml"] = out.Bytes()
	return nil
}

// ownFile is a file of the stack's folder; nil if there is none.
func (g *generation) ownFile(name string) ([]byte, error) {
	if g.Own == nil {
		return nil, nil
	}
	text, err := fs.ReadFile(g.Own, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// entry is one key of a component's values: its comment, and its value as YAML text.
type entry struct{ key, comment, value string }

func (g *generation) componentValues(c stack.Component) (string, error) {
	var out strings.Builder
	out.WriteString("\n" + manifest.Comment(fmt.Sprintf("%s (%s)", c.Description, c.Replication), "# ") + c.Name + ":\n")
	entries, err := g.entries(c)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.comment != "" {
			out.WriteString(manifest.Comment("-- "+e.comment, "  # "))
		}
		if strings.Contains(e.value, "\n") || strings.HasPrefix(e.value, "- ") || mapping(e.value) {
			fmt.Fprintf(&out, "  %s:\n%s\n", e.key, indent(e.value, "    "))
		} else {
			fmt.Fprintf(&out, "  %s: %s\n", e.key, e.value)
		}
	}
	if !c.Values.IsZero() {
		text, err := toYAML(c.Values)
		if err != nil {
			return "", err
		}
		out.WriteString(indent(text, "  ") + "\n")
	}
	return out.String(), nil
}

// mapping reports whether one line of YAML text is a key with its value.
func mapping(text string) bool {
	return !strings.ContainsAny(text[:1], `{["'`) && strings.Contains(text, ": ")
}

// entries are a component's keys in reading order: image, replicas, scheduling, disruption, probes, storage, resources, service.
func (g *generation) entries(c stack.Component) ([]entry, error) {
	decided := func() []entry {
		var all []entry
		for _, k := range decidedKeys(c, g.Profiles) {
			all = append(all, entry{k.Key, k.Comment, "null"})
		}
		return all
	}
	scheduling := []entry{{"nodeSelector", "", "{}"}, {"priorityClassName", "", `""`}}
	if !g.tolerates(c) {
		scheduling = append(scheduling, entry{"tolerations", "", "[]"})
	}
	if c.Managed {
		return append(decided(), scheduling...), nil
	}
	resources, err := toYAML(c.Resources)
	if err != nil {
		return nil, err
	}
	if resources == "" {
		resources = "{}"
	}
	all := []entry{{"image", "", imageText(c.Image)}}
	all = append(all, decided()...)
	all = append(all, entry{"affinity", "Beside the spread above.", "{}"})
	all = append(all, scheduling...)
	if c.Storage != nil {
		all = append(all, entry{"storage", "One claim per pod; an empty class is the cluster's default. Choose one that waits for the first consumer, or disks and pods may land in different zones.",
			fmt.Sprintf("size: %s\nclassName: \"\"", c.Storage.Size)})
	}
	all = append(all,
		entry{"resources", "", resources},
		entry{"env", "Added to the container's environment.", "[]"},
		entry{"podLabels", "", "{}"},
		entry{"podAnnotations", "", "{}"},
		entry{"allowFrom", "NetworkPolicy peers that may connect to every port, beside those that belong.", "[]"})
	if a := c.Autoscaling; a != nil {
		all = append(all, entry{"autoscaling", "Between the profile's replicas and maxReplicas, by CPU in per cent of the request.",
			fmt.Sprintf("enabled: false\nmaxReplicas: %d\ntargetCPUUtilization: %d", a.MaxReplicas, a.TargetCPUUtilization)})
	}
	if c.Ingress != "" {
		all = append(all,
			entry{"ingress", "", "enabled: false\nclassName: \"\"\nhost: \"\"\ntlsSecret: \"\"\nannotations: {}"},
			entry{"httpRoute", "", "enabled: false\nparentRefs: []\nhostnames: []"})
	}
	return all, nil
}

// tolerates reports whether any profile decides c's tolerations.
func (g *generation) tolerates(c stack.Component) bool {
	return slices.ContainsFunc(decidedKeys(c, g.Profiles), func(k decidedKey) bool { return k.Key == "tolerations" })
}

func imageText(i stack.Image) string {
	return fmt.Sprintf("registry: %s\nrepository: %s\ntag: %q\n# -- Wins over the tag.\ndigest: \"\"\npullPolicy: IfNotPresent", i.Registry, i.Repository, i.Tag)
}

// ciValues writes ci/<profile>-values.yaml, the files that chart-testing installs.
func (g *generation) ciValues() error {
	own, err := g.ownFile("ci-values.yaml")
	if err != nil {
		return err
	}
	for _, p := range g.Profiles {
		g.files["ci/"+p.Name+"-values.yaml"] = append(fmt.Appendf(nil, "# Code generated by holdfast from %s; DO NOT EDIT.\nprofile: %s\n", g.Source(), p.Name), own...)
	}
	return nil
}
