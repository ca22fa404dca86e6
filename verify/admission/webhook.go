package admission

import (
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
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
	// home is the namespace of its Service.
	home string
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
	if policy != nil && *policy != admissionv1.Fail || !w.appliesTo(creation) && !w.appliesTo(binding) && !w.appliesTo(eviction) {
		return
	}
	w.namespace, w.object, w.namespaces = parse(namespace), parse(object), placement.NewNamespaces(s.Namespaces)
	if client.Service != nil {
		w.home = client.Service.Namespace
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

// request is a request of the API server for a pod.
type request struct{ subresource string }

// The requests without which a pod does not come to a node, and the one that evicts it.
var creation, binding, eviction = request{""}, request{"binding"}, request{"eviction"}

// appliesTo reports whether a rule covers a request, as the API server decides for pods in a namespace.
func (w *Webhook) appliesTo(r request) bool {
	pods := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	attributes := admission.NewAttributesRecord(nil, nil, schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, "any", "", pods, r.subresource, admission.Create, nil, false, nil)
	return slices.ContainsFunc(w.rules, func(rule admissionv1.RuleWithOperations) bool {
		m := rules.Matcher{Rule: rule, Attr: attributes}
		return m.Matches()
	})
}

// RefusesCreation reports whether no pod of a workload comes to a node while the webhook does not answer.
func (w *Webhook) RefusesCreation(of *workload.Workload) bool {
	if !w.selectsNamespace(of) {
		return false
	}
	// A binding has no labels.
	return w.appliesTo(creation) && w.object.Matches(labels.Set(of.Pod(0, 1).Labels)) || w.appliesTo(binding) && w.object.Matches(labels.Set{})
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
