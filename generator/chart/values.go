package chart

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// values writes values.yaml: the stack's own values, then each component's, then those of every chart.
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

// ownFile returns a file of the stack's folder, or nil if there is none.
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

// entry is one key of a component's values: its description, and its value as YAML text.
type entry struct {
	key, description, value string
	// decided is set if profiles decide the value.
	decided *decidedKey
}

// likeForm replaces a description that an earlier key has, so that values.yaml contains each text once.
const likeForm = "Like %s."

func (g *generation) componentValues(c stack.Component) (string, error) {
	var out strings.Builder
	out.WriteString("\n" + manifest.Comment(fmt.Sprintf("-- %s (%s)", c.Description, c.Replication), "# ") + c.Name + ":\n")
	entries, err := g.entries(c)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		out.WriteString(g.comment(c.Name+"."+e.key, e))
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

// comment returns the comment of the key at path: the description or a reference to the key with the same one, and the value
// of each profile.
func (g *generation) comment(path string, e entry) string {
	description := e.description
	if first, ok := g.described[description]; ok {
		description = fmt.Sprintf(likeForm, first)
	} else {
		g.described[description] = path
	}
	text := manifest.Comment("-- "+description, "  # ")
	if e.decided == nil {
		return text
	}
	g.decided[path] = *e.decided
	for _, line := range e.decided.comment(g.Profiles) {
		text += manifest.Comment(line, "  # ")
	}
	return text
}

// mapping reports whether a line of YAML is a key with its value.
func mapping(text string) bool {
	return !strings.ContainsAny(text[:1], `{["'`) && strings.Contains(text, ": ")
}

// entries are a component's keys in reading order: image, replicas, scheduling, disruption, probes, storage, resources, service.
func (g *generation) entries(c stack.Component) ([]entry, error) {
	keys, err := decidedKeys(c, g.Profiles)
	if err != nil {
		return nil, err
	}
	var decided []entry
	tolerates := false
	for _, k := range keys {
		decided = append(decided, entry{k.Key, k.Rule, "null", &k})
		tolerates = tolerates || k.Key == "tolerations"
	}
	scheduling := []entry{
		{"nodeSelector", "Labels of the nodes that the pods may run on.", "{}", nil},
	}
	metadata := []entry{
		{"podLabels", "Labels of the pods, in addition to the chart's own.", "{}", nil},
		{"podAnnotations", "Annotations of the pods, in addition to the chart's own.", "{}", nil},
	}
	if !tolerates {
		scheduling = append(scheduling, entry{"tolerations", "Tolerations of the pods.", "[]", nil})
	}
	if c.Managed {
		return slices.Concat(decided, scheduling, metadata), nil
	}
	resources, err := toYAML(c.Resources)
	if err != nil {
		return nil, err
	}
	if resources == "" {
		resources = "{}"
	}
	all := []entry{{"image", "Container image. A digest takes precedence over the tag.", imageText(c.Image), nil}}
	if c.Schedule != "" {
		all = append(all,
			entry{"schedule", "When the CronJob runs: minute, hour, day, month and weekday.", strconv.Quote(c.Schedule), nil},
			entry{"suspend", "Start no further runs.", "false", nil})
	}
	all = append(all, decided...)
	all = append(all, entry{"affinity", "Affinity of the pods, in addition to topologySpreadConstraints.", "{}", nil})
	all = append(all, scheduling...)
	if c.Storage != nil {
		all = append(all, storageEntry(c))
	}
	all = append(all,
		entry{"resources", "Resource requests and limits of the container.", resources, nil},
		entry{"env", "Environment variables, in addition to the chart's own.", "[]", nil})
	helpers, err := helperEntries(c)
	if err != nil {
		return nil, err
	}
	all = slices.Concat(all, helpers, metadata)
	all = append(all,
		entry{"serviceAccount", "ServiceAccount of the pods: annotations, for example of a cloud provider's identity.", "annotations: {}", nil},
		entry{"allowFrom", "NetworkPolicy peers that may connect to every port, in addition to the chart's own.", "[]", nil})
	if c.To != nil {
		all = append(all, entry{"allowTo", "NetworkPolicy peers that the pods may connect to on every port, in addition to the chart's own.", "[]", nil})
	}
	if c.Service != nil {
		service, err := serviceEntry(*c.Service)
		if err != nil {
			return nil, err
		}
		all = append(all, service)
	}
	if c.Autoscaling != nil {
		scaler, err := scalerEntry(*c.Autoscaling)
		if err != nil {
			return nil, err
		}
		all = append(all, scaler)
	}
	if c.Ingress != "" {
		all = append(all,
			entry{"ingress", fmt.Sprintf("Ingress to port %s.", c.Ingress), "enabled: false\nclassName: \"\"\nhost: \"\"\ntlsSecret: \"\"\nannotations: {}", nil},
			entry{"httpRoute", fmt.Sprintf("HTTPRoute of the Gateway API to port %s.", c.Ingress), "enabled: false\nparentRefs: []\nhostnames: []", nil})
	}
	return all, nil
}

func imageText(i stack.Image) string {
	return fmt.Sprintf("registry: %s\nrepository: %s\ntag: %q\ndigest: \"\"\npullPolicy: IfNotPresent", i.Registry, i.Repository, i.Tag)
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
