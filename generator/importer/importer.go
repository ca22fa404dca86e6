// Package importer turns the objects of an existing installation of Argo Events into values of the chart argo-events. It compares what
// these values render with what was there, field by field, and lists the steps of the move in order. It reads objects and changes nothing.
package importer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"sigs.k8s.io/yaml"
)

// Render renders the chart with values, for a release in a namespace.
type Render func(namespace string, values map[string]any) ([]manifest.Object, error)

// Request selects what to import.
type Request struct {
	// Release is the name of the new release.
	Release string
	// Namespace has the objects to import; empty: the only namespace with an EventBus, an EventSource or a Sensor.
	Namespace string
	// Profile is the profile of the new release; empty: multi-node for a bus with several servers, otherwise single-node.
	Profile string
	// Replace is set if the controller of the chart replaces the existing one. Otherwise the existing one stays.
	Replace bool
	// Home is the namespace whose release gets the controller, if one that watches all namespaces is replaced; empty: Namespace.
	Home string
	// Managed is set if servers of the chart replace those of a native bus, and the events move.
	Managed bool
	// Complete is set if the objects include the Deployments of all namespaces: without a controller among them there is none.
	Complete bool
}

// Result has the values, and what differs from the installation.
type Result struct {
	Release   string `json:"release"`
	Namespace string `json:"namespace"`
	Profile   string `json:"profile"`
	// Controller is the controller of the namespace, nil if the input has none.
	Controller *Controller `json:"controller,omitempty"`
	// LeastController are the least versions of a controller that stays, with their reasons.
	LeastController []Least `json:"leastController,omitempty"`
	// Imported are the objects that the values render, as Kind/name.
	Imported []string `json:"imported"`
	// Findings are what is not carried over, or must be decided before the move.
	Findings []Note `json:"findings"`
	// Notes are effects of the move.
	Notes []Note `json:"notes"`
	// Differences are the fields of imported objects that the values render otherwise.
	Differences []Difference `json:"differences"`
	// Steps are the move in order.
	Steps []Step `json:"steps"`
	// Values are the values of the chart.
	Values map[string]any `json:"values"`
}

// Note is a sentence about an object, or about the whole installation if Object is empty.
type Note struct {
	Object string `json:"object,omitempty"`
	Text   string `json:"text"`
}

// Fine reports whether everything is carried over.
func (r *Result) Fine() bool { return len(r.Findings) == 0 }

func (r *Result) find(object, format string, a ...any) {
	r.Findings = append(r.Findings, Note{object, fmt.Sprintf(format, a...)})
}

func (r *Result) note(object, format string, a ...any) {
	r.Notes = append(r.Notes, Note{object, fmt.Sprintf(format, a...)})
}

// importing is the state of an import.
type importing struct {
	*Result
	request Request
	render  Render
	objects []Object
	// bus is the EventBus of the release, "" if the chart has no mode for it.
	bus string
	// moving is set if servers of the chart replace those of a native bus.
	moving bool
	// config is the configuration of the controller.
	config config
	// pods are the objects that the values render.
	pods rendered
	// surplus are the budgets to delete after the move.
	surplus []string
}

// Import reads the objects of an installation. Objects that cannot be read are an error.
func Import(objects []Object, request Request, render Render) (*Result, error) {
	namespace, err := namespaceOf(objects, request.Namespace)
	if err != nil {
		return nil, err
	}
	if err := check(objects, namespace, request.Release); err != nil {
		return nil, err
	}
	i := &importing{
		Result: &Result{
			Release: request.Release, Namespace: namespace, Profile: request.Profile,
			Imported: []string{}, Findings: []Note{}, Notes: []Note{}, Differences: []Difference{}, Values: map[string]any{},
		},
		request: request, render: render, objects: objects,
	}
	if err := i.readController(); err != nil {
		return nil, err
	}
	i.importBus()
	i.importPods()
	if err := i.compare(); err != nil {
		return nil, err
	}
	i.besides()
	i.steps()
	return i.Result, nil
}

// Namespaces lists the namespaces with an EventBus, an EventSource or a Sensor.
func Namespaces(objects []Object) []string {
	found := map[string]bool{}
	for _, o := range objects {
		if o.custom() {
			found[o.Namespace] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Home returns the namespace whose release gets the controller that replaces one of all namespaces: that of the existing one, if it is
// imported, otherwise the first.
func Home(objects []Object, namespaces []string) string {
	for _, o := range objects {
		if o.Kind == "Deployment" && slices.Contains(namespaces, o.Namespace) {
			if c := ControllerOf(o); c != nil && c.Watches == "" {
				return o.Namespace
			}
		}
	}
	return namespaces[0]
}

// Of returns the objects for the import of a namespace, without the custom resources of others.
func Of(objects []Object, namespace string) []Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o Object) bool { return o.custom() && o.Namespace != namespace })
}

// namespaceOf returns the namespace to import. Objects of several namespaces need a choice.
func namespaceOf(objects []Object, chosen string) (string, error) {
	names := Namespaces(objects)
	switch {
	case len(names) == 0:
		return "", errors.New("no EventBus, EventSource or Sensor: pass the output of kubectl get eventbus,eventsources,sensors -o yaml")
	case chosen != "" && !slices.Contains(names, chosen):
		return "", fmt.Errorf("no EventBus, EventSource or Sensor in namespace %s, only in %s", chosen, strings.Join(names, ", "))
	case chosen != "":
		return chosen, nil
	case len(names) > 1:
		return "", fmt.Errorf("objects of the namespaces %s, and a release has one: choose it with -n, or import all with -A", strings.Join(names, ", "))
	}
	return names[0], nil
}

// check returns an error for an object that the input has twice, that is of the release already, or that has no spec.
func check(objects []Object, namespace, release string) error {
	first := map[string]string{}
	for _, o := range objects {
		if !o.custom() || o.Namespace != namespace {
			continue
		}
		if at := first[o.String()]; at != "" {
			return fmt.Errorf("%s: %s is also at %s: remove one of them", o.At, o, at)
		}
		first[o.String()] = o.At
		metadata := child(o.Fields, "metadata")
		if text(metadata, "annotations", "meta.helm.sh/release-name") == release && text(metadata, "labels", "app.kubernetes.io/part-of") == "argo-events" {
			return fmt.Errorf("%s: %s is of release %s of this chart already: see the effect of other values with holdfast plan --from-release %s -n %s", o.At, o, release, release, namespace)
		}
		if _, ok := o.Fields["spec"].(map[string]any); !ok {
			return fmt.Errorf("%s: %s: spec: is missing, or is not a map", o.At, o)
		}
	}
	return nil
}

// of returns the objects of a kind in the namespace, by name.
func (i *importing) of(kind string) []Object {
	var all []Object
	for _, o := range i.objects {
		if o.Kind == kind && o.Namespace == i.Namespace && (!customKind(kind) || o.custom()) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// rendered are the objects that values render.
type rendered struct {
	// custom are the custom resources by Kind/name, texts their text.
	custom map[string]map[string]any
	texts  map[string]string
	// budgets are the texts of the PodDisruptionBudgets, all that of all objects.
	budgets []string
	all     string
}

// rendered renders values as Helm reads them from a file.
func (i *importing) rendered(values map[string]any) (rendered, error) {
	r := rendered{custom: map[string]map[string]any{}, texts: map[string]string{}}
	text, err := yaml.Marshal(values)
	if err != nil {
		return r, err
	}
	read := map[string]any{}
	if err := yaml.Unmarshal(text, &read); err != nil {
		return r, err
	}
	objects, err := i.render(i.Namespace, read)
	if err != nil {
		return r, err
	}
	for _, o := range objects {
		r.all += o.Text
		switch {
		case o.Kind == "PodDisruptionBudget":
			r.budgets = append(r.budgets, o.Text)
		case customKind(o.Kind):
			fields := map[string]any{}
			if err := yaml.Unmarshal([]byte(o.Text), &fields); err != nil {
				return r, err
			}
			r.custom[o.Kind+"/"+o.Name], r.texts[o.Kind+"/"+o.Name] = fields, o.Text
		}
	}
	return r, nil
}
