package admission

import (
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Webhook is an admission webhook with failurePolicy Fail, the default. While it does not answer, the API server refuses the
// requests that it applies to.
type Webhook struct {
	// Object is the configuration of the webhook, Name its name in there.
	Object *manifest.Object
	Name   string
	// Backends are the workloads behind its Service. Without any, the webhook is assumed to answer.
	Backends []*workload.Workload
	// Conditional is set if the webhook has matchConditions, which are assumed to match.
	Conditional bool

	rules             []admissionv1.RuleWithOperations
	namespace, object labels.Selector
	namespaces        placement.Namespaces
	// home and service are the namespace and the name of its Service.
	home, service string
}

func (w *Webhook) String() string { return fmt.Sprintf("webhook %s of %s", w.Name, w.Object) }

func (o *Objects) addValidating(s *workload.System, object *manifest.Object, d *admissionv1.ValidatingWebhookConfiguration) {
	for _, w := range d.Webhooks {
		o.add(s, &Webhook{Object: object, Name: w.Name, Conditional: len(w.MatchConditions) > 0, rules: w.Rules}, w.FailurePolicy, w.ClientConfig, w.NamespaceSelector, w.ObjectSelector)
	}
}

func (o *Objects) addMutating(s *workload.System, object *manifest.Object, d *admissionv1.MutatingWebhookConfiguration) {
	for _, w := range d.Webhooks {
		o.add(s, &Webhook{Object: object, Name: w.Name, Conditional: len(w.MatchConditions) > 0, rules: w.Rules}, w.FailurePolicy, w.ClientConfig, w.NamespaceSelector, w.ObjectSelector)
	}
}

// add adds a webhook that may refuse pods.
func (o *Objects) add(s *workload.System, w *Webhook, policy *admissionv1.FailurePolicyType, client admissionv1.WebhookClientConfig, namespace, object *metav1.LabelSelector) {
	if policy != nil && *policy != admissionv1.Fail || !slices.ContainsFunc(requests, w.appliesTo) {
		return
	}
	w.namespace, w.object, w.namespaces = parse(namespace), parse(object), placement.NewNamespaces(s.Namespaces)
	if client.Service != nil {
		w.home, w.service = client.Service.Namespace, client.Service.Name
		for _, service := range s.Services {
			if service.Name == client.Service.Name && (service.Namespace == w.home || service.Namespace == "") {
				w.Backends = append(w.Backends, backends(s, service)...)
			}
		}
	}
	o.Webhooks = append(o.Webhooks, w)
}

// parse returns a selector; a missing one matches everything, an invalid one nothing.
func parse(selector *metav1.LabelSelector) labels.Selector {
	if selector == nil {
		return labels.Everything()
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return parsed
}

// backends returns the workloads whose pods a Service selects.
func backends(s *workload.System, service *corev1.Service) (all []*workload.Workload) {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for _, w := range s.Workloads {
		if w.Namespace == service.Namespace && selector.Matches(labels.Set(w.Template.Labels)) {
			all = append(all, w)
		}
	}
	return all
}

// request is a request to the API server.
type request struct {
	resource    schema.GroupVersionResource
	subresource string
	operation   admission.Operation
}

var (
	podsResource   = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	slicesResource = schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"}
	leasesResource = schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}

	// The requests without which a pod does not come to a node, and the one that evicts it.
	creation, binding, eviction = request{podsResource, "", admission.Create}, request{podsResource, "binding", admission.Create}, request{podsResource, "eviction", admission.Create}
	// status is how a kubelet reports that a pod is Ready (PatchPodStatus in pkg/util/pod/pod.go; a patch is an update).
	status = request{podsResource, "status", admission.Update}
	// newSlice and slice are how the pods of a Service become its endpoints (finalize in staging/src/k8s.io/endpointslice/reconciler.go).
	newSlice, slice = request{slicesResource, "", admission.Create}, request{slicesResource, "", admission.Update}
	// renewal is how a kubelet reports that its node is Ready (k8s.io/component-helpers/apimachinery/lease/controller.go).
	renewal = request{leasesResource, "", admission.Update}

	requests = []request{creation, binding, eviction, status, newSlice, slice, renewal}
)

// AffectsRecovery reports whether rules of a webhook cover a request of a recovery: pods are created, bound, evicted or become ready,
// Services get endpoints, kubelets renew leases.
func AffectsRecovery(of []admissionv1.RuleWithOperations) bool {
	w := Webhook{rules: of}
	return slices.ContainsFunc(requests, w.appliesTo)
}

// AffectsPodCreation reports whether rules of a webhook cover the creation of pods.
func AffectsPodCreation(of []admissionv1.RuleWithOperations) bool {
	w := Webhook{rules: of}
	return w.appliesTo(creation)
}

// appliesTo reports whether a rule covers a request, as the API server decides for objects in a namespace.
func (w *Webhook) appliesTo(r request) bool {
	attributes := admission.NewAttributesRecord(nil, nil, schema.GroupVersionKind{}, "any", "", r.resource, r.subresource, r.operation, nil, false, nil)
	return slices.ContainsFunc(w.rules, func(rule admissionv1.RuleWithOperations) bool {
		m := rules.Matcher{Rule: rule, Attr: attributes}
		return m.Matches()
	})
}

// Refuses reports whether no new pod of a workload comes to serve while the webhook does not answer. why is the request that is
// refused after the pod is on a node, "" if the pod comes to none.
func (w *Webhook) Refuses(of *workload.Workload) (why string, ok bool) {
	selected, pod := w.selectsNamespace(of), labels.Set(of.Pod(0, 1).Labels)
	switch {
	case selected && w.appliesTo(creation) && w.object.Matches(pod):
		return "", true
	case selected && w.appliesTo(binding) && w.object.Matches(labels.Set{}): // a binding has no labels
		return "", true
	case selected && w.appliesTo(status) && w.object.Matches(pod):
		return "kubelets cannot update pods/status", true
	case w.appliesTo(renewal) && w.namespace.Matches(w.namespaces.Labels(corev1.NamespaceNodeLease)) && w.object.Matches(labels.Set{}):
		return "kubelets cannot renew the leases of their nodes", true
	case selected && slices.Contains(w.Backends, of) && (w.appliesTo(newSlice) || w.appliesTo(slice)) && w.object.Matches(w.sliceLabels()):
		return "its Service gets no new endpoints", true
	}
	return "", false
}

// sliceLabels are the labels of the EndpointSlices of the webhook's Service that do not come from the Service.
func (w *Webhook) sliceLabels() labels.Set {
	return labels.Set{discoveryv1.LabelServiceName: w.service, discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io"}
}

// RefusesEviction reports whether no pod of a workload is evicted while the webhook does not answer.
func (w *Webhook) RefusesEviction(of *workload.Workload) bool {
	return w.appliesTo(eviction) && w.selectsNamespace(of) && w.object.Matches(labels.Set{}) // an Eviction has no labels
}

func (w *Webhook) selectsNamespace(of *workload.Workload) bool {
	name := of.Namespace
	if name == "" {
		name = w.home // objects without a namespace are applied to the same one
	}
	return w.namespace.Matches(w.namespaces.Labels(name))
}

// UnknownNamespace returns the namespace of a workload if it is not in the input and its labels decide whether the webhook applies,
// otherwise "".
func (w *Webhook) UnknownNamespace(of *workload.Workload) string {
	name := of.Namespace
	if name == "" {
		name = w.home
	}
	if _, ok := w.namespaces[name]; ok {
		return ""
	}
	requirements, _ := w.namespace.Requirements()
	for _, r := range requirements {
		if r.Key() != corev1.LabelMetadataName {
			return name
		}
	}
	return ""
}
