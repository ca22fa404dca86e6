package importer

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Controller is a running controller of Argo Events.
type Controller struct {
	// Deployment is its namespace/name.
	Deployment string `json:"deployment"`
	Image      string `json:"image"`
	// Version is that of the image's tag; empty for another tag.
	Version string `json:"version,omitempty"`
	// Watches is the namespace that it watches; empty for all.
	Watches string `json:"watches,omitempty"`
	// Config is the ConfigMap with its configuration.
	Config string `json:"config,omitempty"`

	namespace, name string
	// part is set on one of the three controllers until version 1.6.
	part bool
}

// commands are the first arguments of the controllers of Argo Events. Until version 1.6 there were three of them (argo-events v1.9.11
// docs/managed-namespace.md).
var commands = []string{"controller", "eventbus-controller", "eventsource-controller", "sensor-controller"}

// ControllerOf returns the controller that a Deployment runs, nil for another Deployment. Its command identifies it: labels and names
// differ between Argo Events' manifests and argo-helm's chart, and users change them.
func ControllerOf(deployment Object) *Controller {
	pod := child(deployment.Fields, "spec", "template", "spec")
	for _, c := range items(pod["containers"]) {
		args := words(c["command"], c["args"])
		command := slices.IndexFunc(args, func(arg string) bool { return slices.Contains(commands, arg) })
		image := text(c, "image")
		repository, version := splitImage(image)
		variable := slices.ContainsFunc(items(c["env"]), func(v map[string]any) bool { return v["name"] == "ARGO_EVENTS_IMAGE" })
		if command < 0 || !variable && path.Base(repository) != "argo-events" {
			continue
		}
		return &Controller{
			Deployment: deployment.Namespace + "/" + deployment.Name, Image: image, Version: version,
			Watches: watched(args, c, deployment.Namespace), Config: configMap(pod, c),
			namespace: deployment.Namespace, name: deployment.Name, part: args[command] != commands[0],
		}
	}
	return nil
}

// words returns the items of lists as text.
func words(lists ...any) []string {
	var all []string
	for _, list := range lists {
		values, _ := list.([]any)
		for _, v := range values {
			all = append(all, fmt.Sprint(v))
		}
	}
	return all
}

// configMap returns the ConfigMap that a container mounts as its configuration.
func configMap(pod, container map[string]any) string {
	for _, mount := range items(container["volumeMounts"]) {
		for _, volume := range items(pod["volumes"]) {
			if mount["mountPath"] == "/etc/argo-events" && volume["name"] == mount["name"] {
				return text(volume, "configMap", "name")
			}
		}
	}
	return ""
}

// splitImage returns the repository of an image, and the version in its tag; empty for another tag.
func splitImage(image string) (repository, version string) {
	repository, _, _ = strings.Cut(image, "@")
	tag := ""
	if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
		repository, tag = repository[:i], repository[i+1:]
	}
	if _, ok := parseVersion(tag); !ok {
		tag = ""
	}
	return repository, tag
}

// watched returns the namespace that a controller watches, "" for all (argo-events v1.9.11 cmd/commands/controller.go).
func watched(args []string, container map[string]any, own string) string {
	namespaced, managed := false, ""
	for _, v := range items(container["env"]) {
		if v["name"] == "NAMESPACE" {
			managed = text(v, "value")
		}
	}
	for n, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		switch {
		case name == "--namespaced":
			on, err := strconv.ParseBool(value)
			namespaced = !given || err == nil && on
		case name == "--managed-namespace" && given:
			managed = value
		case name == "--managed-namespace" && n+1 < len(args):
			managed = args[n+1]
		}
	}
	switch {
	case !namespaced:
		return ""
	case managed == "" || managed == "$(NAMESPACE)":
		return own
	}
	return managed
}

// readController finds the controllers that watch the namespace, and the configuration of the one that stays.
func (i *importing) readController() error {
	var all []*Controller
	for _, o := range i.objects {
		if o.Kind != "Deployment" {
			continue
		}
		if c := ControllerOf(o); c != nil && (c.Watches == "" || c.Watches == i.Namespace) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *Controller) int { return strings.Compare(a.Deployment, b.Deployment) })
	if len(all) == 0 {
		i.withoutController()
		return nil
	}
	i.Controller = all[0]
	var names []string
	whole := 0
	for _, c := range all {
		names = append(names, c.Deployment)
		if !c.part {
			whole++
		}
	}
	if len(all) > 1 && whole > 0 {
		i.find("", "%d controllers watch namespace %s (Deployments %s) and work against each other: remove all but one first", len(all), i.Namespace, strings.Join(names, ", "))
	}
	switch {
	case !i.request.Replace:
		put(i.Values, false, "controller", "enabled")
	case i.Controller.Watches == "" && !slices.Contains([]string{"", i.Namespace}, i.request.Home):
		i.request.Replace = false
		put(i.Values, false, "controller", "enabled")
		i.note("Deployment/"+i.Controller.name, "watches all namespaces: the release in namespace %s has the controller that replaces it", i.request.Home)
	case i.Controller.Watches == "":
		put(i.Values, true, "controller", "clusterWide")
		i.note("Deployment/"+i.Controller.name, "watches all namespaces, and so does the controller of the chart that replaces it (controller.clusterWide): import the other namespaces without --replace-controller")
	}
	return i.readConfig()
}

// withoutController decides without a controller in the input. A second one must never run, so the chart's own is enabled only if it is
// certain that there is none.
func (i *importing) withoutController() {
	switch {
	case i.request.Complete:
	case i.request.Replace:
		i.find("", "no controller in the input: one that still runs would work against that of the chart: pass its Deployment, too (kubectl get deployments -A -o yaml)")
	default:
		put(i.Values, false, "controller", "enabled")
		i.find("", "no controller in the input: the values leave out that of the chart, because two work against each other. "+
			"Pass its Deployment, too (kubectl get deployments -A -o yaml). If there is none, set controller.enabled=true")
	}
}

// config is the configuration of a controller: the defaults of native buses.
type config struct {
	known    bool
	stream   map[string]any
	versions []any
}

// readConfig reads the ConfigMap of the controller, if it is in the input.
func (i *importing) readConfig() error {
	for _, o := range i.objects {
		if o.Kind != "ConfigMap" || o.Namespace != i.Controller.namespace || o.Name != i.Controller.Config {
			continue
		}
		var file struct {
			EventBus struct {
				JetStream struct {
					StreamConfig string `json:"streamConfig"`
					Versions     []any  `json:"versions"`
				} `json:"jetstream"`
			} `json:"eventBus"`
		}
		if err := yaml.Unmarshal([]byte(text(o.Fields, "data", "controller-config.yaml")), &file); err != nil {
			return fmt.Errorf("%s: ConfigMap/%s: controller-config.yaml: %w", o.At, o.Name, err)
		}
		stream, err := streamFields(file.EventBus.JetStream.StreamConfig)
		if err != nil {
			return fmt.Errorf("%s: ConfigMap/%s: streamConfig: %w", o.At, o.Name, err)
		}
		i.config = config{true, stream, file.EventBus.JetStream.Versions}
	}
	return nil
}
