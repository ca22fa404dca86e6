package importer

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// importBus chooses the EventBus of the release, and adds its values. Other buses stay as they are.
func (i *importing) importBus() {
	bus := i.chooseBus()
	if bus == nil {
		i.setProfile(false)
		return
	}
	values, spec := map[string]any{}, child(bus.wanted(), "spec")
	put(values, bus.Name, "eventBus", "name")
	if i.request.Managed && spec["jetstream"] == nil {
		i.find(bus.String(), "has no servers of its own to replace: leave out --managed-bus")
	}
	switch {
	case spec["jetstream"] != nil && i.request.Managed:
		i.managed(*bus, child(spec, "jetstream"), values)
	case spec["jetstream"] != nil:
		i.native(*bus, child(spec, "jetstream"), values)
	case spec["kafka"] != nil:
		kafka := child(spec, "kafka")
		i.ignore(*bus, dropUnknown("events.v1alpha1.KafkaBus", kafka, "spec", "kafka"))
		put(values, "kafka", "eventBus", "mode")
		put(values, kafka, "eventBus", "kafka")
		i.setProfile(true)
	case spec["jetstreamExotic"] != nil:
		i.external(*bus, child(spec, "jetstreamExotic"), values)
	default:
		i.setProfile(true)
		i.find(bus.String(), "stays as it is: %s", unsupported(spec))
		return
	}
	i.acceptBus(*bus, values)
}

// unsupported is the reason why a bus stays as it is.
func unsupported(spec map[string]any) string {
	if spec["nats"] != nil {
		return "nats: NATS Streaming is no longer maintained, and the chart has no mode for it: create an EventBus of JetStream, move the event sources to it, and let the sensors process the events of the old one first"
	}
	return "spec has none of jetstream, jetstreamExotic, kafka and nats, which the controller refuses"
}

// chooseBus returns the EventBus of the release: the one of most event sources and sensors.
func (i *importing) chooseBus() *Object {
	users := map[string]int{}
	for _, o := range slices.Concat(i.of("EventSource"), i.of("Sensor")) {
		users[busOf(o)]++
	}
	buses := i.of("EventBus")
	if len(buses) == 0 {
		i.find("", "no EventBus in namespace %s: pass it, too (kubectl get eventbus,eventsources,sensors -o yaml)", i.Namespace)
		return nil
	}
	slices.SortStableFunc(buses, func(a, b Object) int { return users[b.Name] - users[a.Name] })
	for _, other := range buses[1:] {
		i.find(other.String(), "stays as it is: a release has one EventBus, and this one has %s, which most use", buses[0].Name)
	}
	return &buses[0]
}

// busOf returns the name of the EventBus of an event source or a sensor.
func busOf(o Object) string { return cmp.Or(text(o.spec(), "eventBusName"), "default") }

// setProfile sets the profile, unless it was requested.
func (i *importing) setProfile(several bool) {
	i.Profile = cmp.Or(i.Profile, map[bool]string{false: "single-node", true: "multi-node"}[several])
}

// volumeSize matches the sizes that the chart accepts.
var volumeSize = regexp.MustCompile(`^([1-9][0-9]{2,}Mi|[1-9][0-9]*(Gi|Ti))$`)

// native adds the values of a bus that the controller runs. Its servers keep their disks.
func (i *importing) native(bus Object, js, values map[string]any) {
	replicas := nativeReplicas(js)
	i.setProfile(replicas > 1)
	version := fmt.Sprint(js["version"])
	put(values, "native", "eventBus", "mode")
	put(values, replicas, "nativeBus", "replicas")
	put(values, version, "nativeBus", "version")
	put(values, i.versions(bus, version), "nativeBus", "versions")
	put(values, volumeSizeOf(js), "nativeBus", "storage", "size")
	if js["persistence"] == nil {
		i.find(bus.String(), "has no volumes: a replaced server loses its events. Volumes cannot be added to it: after the move, create another bus (eventBus.mode managed)")
	}
	i.serverValues(js, "nativeBus", values)
	i.stream(bus, text(js, "streamConfig"), values)
}

// nativeReplicas is the number of servers of a native bus (argo-events v1.9.11 pkg/apis/events/v1alpha1/jetstream_eventbus.go GetReplicas).
func nativeReplicas(js map[string]any) int {
	if n, ok := number(js["replicas"]); ok {
		return int(n)
	}
	return 3
}

// volumeSizeOf is the size of the volumes of a native bus, as the chart accepts it (pkg/reconciler/eventbus/installer/jetstream.go).
func volumeSizeOf(js map[string]any) string {
	size := cmp.Or(text(js, "persistence", "volumeSize"), "20Gi")
	if q, err := resource.ParseQuantity(size); err == nil && !volumeSize.MatchString(size) {
		size = fmt.Sprintf("%dMi", q.Value()>>20)
	}
	return size
}

// serverValues adds the fields of the pods of a native bus to the values of a component, and its largest payload.
func (i *importing) serverValues(js map[string]any, component string, values map[string]any) {
	for value, field := range map[string][]string{
		"storage.className": {"persistence", "storageClassName"}, "resources": {"containerTemplate", "resources"}, "nodeSelector": {"nodeSelector"},
		"tolerations": {"tolerations"}, "podLabels": {"metadata", "labels"}, "podAnnotations": {"metadata", "annotations"}, "priorityClassName": {"priorityClassName"},
	} {
		if v := child(js, field[:len(field)-1]...)[field[len(field)-1]]; v != nil {
			put(values, v, append([]string{component}, strings.Split(value, ".")...)...)
		}
	}
	if v := js["maxPayload"]; v != nil {
		put(values, v, "eventBus", "maxPayload")
	}
}

// external adds the values of a JetStream that is already there. Its streamConfig has no defaults. The stream may have been created or edited by
// others, and the Job of the chart sets what is there: limits that are missing stay off.
func (i *importing) external(bus Object, exotic, values map[string]any) {
	i.ignore(bus, dropUnknown("events.v1alpha1.JetStreamConfig", exotic, "spec", "jetstreamExotic"))
	put(values, "external", "eventBus", "mode")
	put(values, over(exotic, nil), "eventBus", "external")
	delete(child(values, "eventBus", "external"), "streamConfig")
	own, err := streamFields(text(exotic, "streamConfig"))
	i.setProfile(own["replicas"] == nil || limit(own["replicas"]) > 1)
	if err != nil {
		i.find(bus.String(), "streamConfig is not YAML: %v", err)
		return
	}
	limits := over(map[string]any{"maxage": "0s", "maxmsgs": -1, "maxbytes": -1}, own)
	put(values, limit(limits["maxbytes"]), "eventBus", "stream", "maxBytes")
	for _, key := range []string{"maxage", "maxmsgs", "maxbytes", "replicas"} {
		if own[key] == nil {
			i.find(bus.String(), "its streamConfig has no %s, and others may have set it on the servers: compare eventBus.stream with nats stream info default", streamKeys[key])
		}
	}
	i.streamValues(limits, values)
}

// versions returns the versions that the controller can run. Without its configuration it is that of the bus, with the images of the
// controllers that Argo Events publishes; only the controller of the chart uses them.
func (i *importing) versions(bus Object, version string) []any {
	if !i.config.known {
		tag := map[bool]string{true: "2.10.29", false: version}[version == "latest"]
		return []any{map[string]any{
			"version": version, "natsImage": "nats:" + tag, "metricsExporterImage": "natsio/prometheus-nats-exporter:0.14.0",
			"configReloaderImage": "natsio/nats-server-config-reloader:0.14.0", "startCommand": "/nats-server",
		}}
	}
	if !slices.ContainsFunc(items(i.config.versions), func(v map[string]any) bool { return fmt.Sprint(v["version"]) == version }) {
		i.find(bus.String(), "version %s is not in ConfigMap/%s of the controller, which refuses the bus: add it there", version, i.Controller.Config)
	}
	return i.config.versions
}

// stream adds the limits of the stream. Argo Events applies them once, when it creates the stream; the Job of the chart applies them at each
// install and upgrade.
func (i *importing) stream(bus Object, streamConfig string, values map[string]any) {
	own, err := streamFields(streamConfig)
	if err != nil {
		i.find(bus.String(), "streamConfig is not YAML: %v", err)
		return
	}
	if !i.config.known && (own["maxage"] == nil || own["maxmsgs"] == nil || own["maxbytes"] == nil) {
		i.find(bus.String(), "limits of its stream are in the configuration of the controller, which is not in the input, and lower limits delete events: pass its ConfigMap, too, or compare eventBus.stream with nats stream info default")
	}
	i.streamValues(over(i.config.stream, own), values)
}

// streamValues adds settings of the stream.
func (i *importing) streamValues(fields, values map[string]any) {
	for key, v := range fields {
		switch {
		case key == "maxage" || key == "duplicates":
			put(values, durationValue(v), "eventBus", "stream", streamKeys[key])
		case key == "maxmsgs" || key == "maxbytes" && limit(v) > 0:
			put(values, limit(v), "eventBus", "stream", streamKeys[key])
		case key == "replicas":
			put(values, max(limit(v), 1), "eventBus", "stream", streamKeys[key])
		}
	}
}

// acceptBus adds the values of the bus if the chart renders them. Settings of the stream that it refuses are left to the chart; the
// differences name them.
func (i *importing) acceptBus(bus Object, values map[string]any) {
	values["profile"] = i.Profile
	for {
		_, err := i.rendered(over(i.Values, values))
		if err == nil {
			i.Values, i.bus = over(i.Values, values), bus.Name
			i.Imported = append(i.Imported, bus.String())
			return
		}
		stream := child(values, "eventBus", "stream")
		refused := slices.IndexFunc(streamSettings, func(key string) bool {
			return stream[key] != nil && strings.Contains(err.Error(), "eventBus.stream."+key)
		})
		if refused < 0 {
			i.find(bus.String(), "stays as it is: the chart refuses it: %s", refusal(err))
			return
		}
		delete(stream, streamSettings[refused])
	}
}

// streamSettings are the settings of the stream that may be left to the chart.
var streamSettings = []string{"maxBytes", "replicas", "duplicates"}

// preface matches what Helm writes before the refusals of a chart.
var preface = regexp.MustCompile(`(?s)^.*(these values are refused:|in the following chart\(s\):\s+\S+:)\s*-?\s*`)

// refusal is why the chart refuses values, on one line.
func refusal(err error) string {
	return strings.Join(strings.Fields(preface.ReplaceAllString(err.Error(), "")), " ")
}
