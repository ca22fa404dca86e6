package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// besides looks at what else reads or writes the objects: their owners, other budgets, other namespaces.
func (i *importing) besides() {
	for _, o := range i.imported() {
		i.owners(o)
		i.effects(o)
	}
	i.otherNamespaces()
	i.budgets()
	if len(i.Imported) > 0 && strings.Contains(i.pods.all, "kind: NetworkPolicy") {
		i.note("", "network policies are new: webhooks accept connections from everywhere, and every other port only those of the system. Set networkPolicy.metricsFrom for a Prometheus, or networkPolicy.enabled=false")
	}
}

// imported returns the imported objects.
func (i *importing) imported() []Object {
	var all []Object
	for _, o := range slices.Concat(i.of("EventBus"), i.of("EventSource"), i.of("Sensor")) {
		if slices.Contains(i.Imported, o.String()) {
			all = append(all, o)
		}
	}
	return all
}

// writers are labels and annotations of tools that would write or delete an object again.
var writers = []struct{ key, tool string }{
	{"argocd.argoproj.io/instance", "Argo CD"}, {"argocd.argoproj.io/tracking-id", "Argo CD"},
	{"kustomize.toolkit.fluxcd.io/name", "Flux"}, {"helm.toolkit.fluxcd.io/name", "Flux"},
}

// owners reports who else manages an object.
func (i *importing) owners(o Object) {
	metadata := child(o.Fields, "metadata")
	for _, w := range writers {
		if child(metadata, "labels")[w.key] != nil || child(metadata, "annotations")[w.key] != nil {
			i.find(o.String(), "is managed by %s (%s), which would undo the move: take it out there first, without deleting it", w.tool, w.key)
		}
	}
	if release := i.otherRelease(o); release != "" {
		i.note(o.String(), "is of Helm release %s: keep it there until it is annotated (see the steps)", release)
	}
}

// otherRelease returns the Helm release of an object, if it is another one.
func (i *importing) otherRelease(o Object) string {
	annotations := child(o.Fields, "metadata", "annotations")
	release, namespace := text(annotations, "meta.helm.sh/release-name"), text(annotations, "meta.helm.sh/release-namespace")
	if release == "" || release == i.Release && namespace == i.Namespace {
		return ""
	}
	return namespace + "/" + release
}

// effects reports what the move does to the pods and the Service of an event source or a sensor.
func (i *importing) effects(o Object) {
	is := i.pods.custom[o.String()]
	was := i.known(o)
	moved := !maps.Equal(names(child(was, "metadata", "labels")), names(child(is, "metadata", "labels")))
	ports := child(was, "spec", "service")["ports"]
	if o.Kind == "EventSource" && ports != nil && moved {
		// pkg/reconciler/eventsource/resource.go: the hash of the Service covers the labels of the event source.
		i.note(o.String(), "its labels change, so the controller replaces Service %s-eventsource-svc: its address changes, and requests fail for a moment", o.Name)
	}
	if o.Kind == "EventSource" && ports == nil && child(is, "spec", "service")["ports"] != nil {
		i.note(o.String(), "gets Service %s-eventsource-svc", o.Name)
		for _, s := range i.of("Service") {
			if s.Name == o.Name+"-eventsource-svc" {
				i.find(o.String(), "%s: Service %s exists, and the controller cannot create its own: rename it, or set service.ports of the event source", s.At, s.Name)
			}
		}
	}
	if o.Kind == "EventBus" && slices.ContainsFunc(i.Differences, replacesServers) {
		i.note(o.String(), "its servers are replaced one after the other, with their disks")
	}
	if o.Kind == "EventSource" && !usesAPI(o) && text(was, "spec", "template", "serviceAccountName") == "" {
		i.note(o.String(), "its pods get ServiceAccount %s instead of default: pull secrets and the cloud identity of default no longer apply. Set imagePullSecrets and serviceAccount.annotations, or template.serviceAccountName",
			text(is, "spec", "template", "serviceAccountName"))
	}
	if elects(is) && !elects(was) {
		if n, _ := number(child(was, "spec")["replicas"]); n > 1 && o.Kind == "EventSource" {
			i.note(o.String(), "its pods elect the active one by a Lease instead of on the bus: during the rollout, one of each is active, and an event may be published twice")
		}
	}
	for n, t := range items(child(was, "spec")["triggers"]) {
		if triggers := items(child(is, "spec")["triggers"]); n < len(triggers) && t["atLeastOnce"] == nil && triggers[n]["atLeastOnce"] == true {
			i.note(o.String(), "trigger %s acknowledges an event after its action, and repeats a failed action (atLeastOnce): make the action idempotent, or set atLeastOnce: false", text(t, "template", "name"))
		}
	}
}

// replacesServers reports whether a difference changes the pods of a native bus.
func replacesServers(d Difference) bool {
	field, ok := strings.CutPrefix(d.Field, "spec.jetstream.")
	return ok && !slices.ContainsFunc([]string{"streamConfig", "maxPayload", "persistence"}, func(other string) bool { return strings.HasPrefix(field, other) })
}

func elects(o map[string]any) bool {
	return strings.EqualFold(text(o, "metadata", "annotations", "events.argoproj.io/leader-election"), "k8s")
}

// names returns a map of strings.
func names(m map[string]any) map[string]string {
	all := map[string]string{}
	for key, value := range m {
		all[key] = fmt.Sprint(value)
	}
	return all
}

// otherNamespaces reports objects outside of the namespace.
func (i *importing) otherNamespaces() {
	count := map[string]int{}
	for _, o := range i.objects {
		if o.custom() && o.Namespace != i.Namespace {
			count[o.Namespace]++
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(count)) {
		i.note("", "%d objects of namespace %s are not part of this release: import them with -n %s, or all with -A", count[namespace], namespace, namespace)
	}
}

// budgets reports budgets of others that select pods of the release: the eviction API refuses a pod with two.
func (i *importing) budgets() {
	for _, budget := range i.of("PodDisruptionBudget") {
		selector, err := selectorOf(budget.spec()["selector"])
		if err != nil {
			i.find(budget.String(), "%s: its selector is invalid: %v", budget.At, err)
			continue
		}
		for _, o := range i.imported() {
			kind := strings.ToLower(o.Kind)
			pod := labels.Set{"controller": kind + "-controller", kind + "-name": o.Name, "owner-name": o.Name}
			template := child(i.known(o), "spec", "template", "metadata", "labels")
			if o.Kind == "EventBus" {
				template = child(i.known(o), "spec", "jetstream", "metadata", "labels")
			}
			if !selector.Matches(labels.Merge(names(template), pod)) || !i.hasBudget(o) {
				continue
			}
			i.note(o.String(), "PodDisruptionBudget %s selects its pods, too, and the eviction API refuses pods with two budgets: delete it after the move (see the steps)", budget.Name)
			if !slices.Contains(i.surplus, budget.Name) {
				i.surplus = append(i.surplus, budget.Name)
			}
		}
	}
}

// hasBudget reports whether the chart renders a budget for the pods of an object.
func (i *importing) hasBudget(o Object) bool {
	kind := strings.ToLower(o.Kind)
	for _, text := range i.pods.budgets {
		var b struct {
			Spec struct {
				Selector metav1.LabelSelector `json:"selector"`
			} `json:"spec"`
		}
		if yaml.Unmarshal([]byte(text), &b) == nil && b.Spec.Selector.MatchLabels[kind+"-name"] == o.Name {
			return true
		}
	}
	return false
}

func selectorOf(v any) (labels.Selector, error) {
	text, err := yaml.Marshal(v)
	if err != nil {
		return nil, err
	}
	var s metav1.LabelSelector
	if err := yaml.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	return metav1.LabelSelectorAsSelector(&s)
}
