package importer

import (
	"maps"
	"slices"
	"strings"
)

// valuesOf are the values with the objects of a kind.
var valuesOf = map[string]string{"EventSource": "eventSources", "Sensor": "sensors"}

// importPods adds event sources and sensors. What the chart refuses stays as it is.
func (i *importing) importPods() {
	var all []Object
	for _, o := range slices.Concat(i.of("EventSource"), i.of("Sensor")) {
		if i.chosen(o) {
			i.ignore(o, dropUnknown("events.v1alpha1."+o.Kind+"Spec", child(o.wanted(), "spec"), "spec"))
			all = append(all, o)
		}
	}
	if values := i.with(all...); len(all) > 0 {
		if _, err := i.rendered(values); err != nil {
			all = slices.DeleteFunc(all, i.refused)
			values = i.with(all...)
		}
		i.Values = values
	}
	for _, o := range all {
		i.Imported = append(i.Imported, o.String())
	}
}

// chosen reports whether an event source or a sensor is part of the release.
func (i *importing) chosen(o Object) bool {
	switch {
	case child(o.Fields, "metadata", "annotations")["helm.sh/hook"] != nil:
		i.find(o.String(), "stays as it is: it is a hook of Helm, which creates and deletes it")
		i.bucket(o)
	case len(items(child(o.Fields, "metadata")["ownerReferences"])) > 0:
		owner := items(child(o.Fields, "metadata")["ownerReferences"])[0]
		i.find(o.String(), "stays as it is: it belongs to %s/%s, which creates and deletes it", owner["kind"], owner["name"])
		i.bucket(o)
	case busOf(o) == i.bus:
		return true
	case !slices.ContainsFunc(i.of("EventBus"), func(b Object) bool { return b.Name == busOf(o) }):
		i.find(o.String(), "stays as it is: its EventBus %s is not in the input", busOf(o))
	default:
		i.find(o.String(), "stays as it is, with its EventBus %s", busOf(o))
	}
	return false
}

// bucket lets the chart create the bucket of a sensor that stays as it is, if it uses the bus of the release.
func (i *importing) bucket(o Object) {
	if mode := text(i.Values, "eventBus", "mode"); o.Kind != "Sensor" || busOf(o) != i.bus || mode == "kafka" {
		return
	}
	names, _ := child(i.Values, "eventBus")["buckets"].([]any)
	put(i.Values, append(names, o.Name), "eventBus", "buckets")
	i.note(o.String(), "its bucket is also created with the replicas of the profile (eventBus.buckets)")
}

// refused reports whether the chart refuses an event source or a sensor.
func (i *importing) refused(o Object) bool {
	_, err := i.rendered(i.with(o))
	if err != nil {
		i.find(o.String(), "%s: stays as it is: the chart refuses it: %s", o.At, refusal(err))
	}
	return err != nil
}

// with returns the values with event sources and sensors.
func (i *importing) with(objects ...Object) map[string]any {
	values := over(i.Values, nil)
	for _, o := range objects {
		key, spec := valuesOf[o.Kind], child(i.known(o), "spec")
		if usesAPI(o) && text(spec, "template", "serviceAccountName") == "" {
			put(spec, "default", "template", "serviceAccountName")
		}
		values[key] = over(child(values, key), map[string]any{o.Name: spec})
	}
	return values
}

// usesAPI reports whether the pods of an object call the API server for users: the account that they have without a name, default, may have
// permissions.
func usesAPI(o Object) bool { return o.Kind == "Sensor" || o.spec()["resource"] != nil }

// ignore reports fields that a type of Argo Events does not have.
func (i *importing) ignore(o Object, fields []string) {
	for _, f := range fields {
		i.Differences = append(i.Differences, Difference{Object: o.String(), Field: f, Effect: Ignored})
	}
}

// overrideKey is the key of an object in the overrides of the chart.
func overrideKey(o Object) string {
	if o.Kind == "EventBus" {
		return "EventBus/event-bus"
	}
	return o.String()
}

// compare overrides what the values cannot express, and then lists the differences between each object and what the values render for it.
func (i *importing) compare() error {
	var all []Object
	for _, kind := range []string{"EventBus", "EventSource", "Sensor"} {
		all = append(all, slices.DeleteFunc(i.of(kind), func(o Object) bool { return !slices.Contains(i.Imported, o.String()) })...)
	}
	if len(all) == 0 {
		return nil
	}
	rendered, err := i.rendered(i.Values)
	if err != nil {
		return err
	}
	overrides := map[string]any{}
	for _, o := range all {
		if override := i.override(o, rendered.custom[o.String()]); override != nil {
			overrides[overrideKey(o)] = override
		}
	}
	if len(overrides) > 0 {
		i.Values["overrides"] = overrides
		if rendered, err = i.rendered(i.Values); err != nil {
			return err
		}
	}
	for _, o := range all {
		for _, d := range differences(o.String(), i.comparable(o), i.comparable(Object{Kind: o.Kind, Fields: rendered.custom[o.String()]})) {
			i.Differences = append(i.Differences, d)
			if d.Effect == Changed || d.Effect == Missing {
				i.find(d.Object, "%s", d.text())
			}
		}
	}
	i.pods = rendered
	i.leastController()
	return nil
}

// override returns what must be merged over a rendered object so that it has all fields of the existing one, and so that the servers of a
// native bus keep theirs; nil for nothing.
func (i *importing) override(o Object, is map[string]any) map[string]any {
	was, is := i.known(o), maps.Clone(is)
	// Labels of the chart select and own the object. Finalizers of others and the chart's have equal standing.
	labels := child(was, "metadata", "labels")
	for key := range child(is, "metadata", "labels") {
		delete(labels, key)
	}
	delete(was, "apiVersion")
	override := patch(was, is)
	if o.Kind != "EventBus" {
		return override
	}
	delete(child(override, "spec", "jetstream"), "streamConfig")
	delete(child(override, "spec", "jetstreamExotic"), "streamConfig")
	for _, path := range serverFields {
		js, above := child(was, "spec", "jetstream"), path[:len(path)-1]
		if len(js) > 0 && (len(above) == 0 || js[above[0]] != nil) && child(js, above...)[path[len(above)]] == nil {
			override = over(override, nil)
			put(override, nil, append([]string{"spec", "jetstream"}, path...)...)
		}
	}
	for _, kind := range []string{"jetstream", "jetstreamExotic"} {
		if spec := child(override, "spec"); len(child(spec, kind)) == 0 {
			delete(spec, kind)
		}
	}
	if len(child(override, "spec")) == 0 {
		delete(override, "spec")
	}
	if len(override) == 0 {
		return nil
	}
	return override
}

// serverFields are fields of a native bus that the chart sets. Unset ones stay unset: they would replace running servers and their volumes.
var serverFields = [][]string{
	{"settings"}, {"securityContext"}, {"serviceAccountName"}, {"persistence"},
	{"containerTemplate"}, {"containerTemplate", "securityContext"}, {"containerTemplate", "resources"},
	{"reloaderContainerTemplate"}, {"reloaderContainerTemplate", "securityContext"},
	{"metricsContainerTemplate"}, {"metricsContainerTemplate", "securityContext"},
}

// known returns what a person has written of an object, without fields that Argo Events ignores.
func (i *importing) known(o Object) map[string]any {
	fields := o.wanted()
	switch o.Kind {
	case "EventSource", "Sensor":
		spec := child(fields, "spec")
		dropUnknown("events.v1alpha1."+o.Kind+"Spec", spec)
		if len(child(spec, "service")) == 0 {
			delete(spec, "service")
		}
	default:
		if i.moving {
			delete(fields, "spec") // other servers
			return fields
		}
		dropUnknown("events.v1alpha1.KafkaBus", child(fields, "spec", "kafka"))
		dropUnknown("events.v1alpha1.JetStreamConfig", child(fields, "spec", "jetstreamExotic"))
	}
	return fields
}

// comparable returns an object for a comparison. The limits of a stream are compared by their effect, with the defaults of the controller.
func (i *importing) comparable(o Object) map[string]any {
	fields := i.known(o)
	delete(child(fields, "metadata"), "name")
	if child(fields, "metadata", "labels")["app.kubernetes.io/managed-by"] == "Helm" {
		delete(child(fields, "metadata", "labels"), "app.kubernetes.io/managed-by") // of whichever release
	}
	if i.moving && o.Kind == "EventBus" {
		fields["spec"] = map[string]any{"streamConfig": i.streamOf(o)}
		return fields
	}
	for kind, defaults := range map[string]map[string]any{"jetstream": i.config.stream, "jetstreamExotic": nil} {
		if js := child(fields, "spec", kind); len(js) > 0 {
			if own, err := streamFields(text(js, "streamConfig")); err == nil {
				js["streamConfig"] = effective(over(defaults, own))
			}
		}
	}
	return fields
}

// streamOf returns the effective settings of the stream of a bus that moves: of its native servers, or of those of the chart.
func (i *importing) streamOf(o Object) map[string]any {
	js, defaults := child(o.spec(), "jetstream"), i.config.stream
	if len(js) == 0 {
		js, defaults = child(o.spec(), "jetstreamExotic"), nil
	}
	own, _ := streamFields(text(js, "streamConfig")) // stream has a finding for a text that is not YAML
	return effective(over(defaults, own))
}

// text is a difference in words.
func (d Difference) text() string {
	if d.Effect == Missing {
		return d.Field + " is not carried over: it was " + short(d.Was)
	}
	s := d.Field + " becomes " + short(d.Is) + ": it was " + short(d.Was)
	if strings.HasPrefix(strings.Replace(d.Field, "spec.jetstream.", "spec.", 1), "spec.streamConfig.max") {
		s += ". A lower limit deletes the oldest events: compare it with nats stream info default"
	}
	return s
}
