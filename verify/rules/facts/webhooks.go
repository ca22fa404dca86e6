package facts

import (
	"slices"
	"strconv"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Webhook is an admission webhook with failurePolicy Fail, the default, and a Service of the manifests.
type Webhook struct {
	// Configuration is the object, Index the position in its list of webhooks.
	Configuration *manifest.Object
	Index         int
	Name          string
	// Backends are the workloads behind the Service.
	Backends []*workload.Workload

	rules                             []admissionv1.RuleWithOperations
	namespaceSelector, objectSelector *metav1.LabelSelector
	conditions                        []admissionv1.MatchCondition
}

// FailingWebhooks returns the webhooks without which the API server refuses requests, ordered by configuration.
func (s *System) FailingWebhooks() []Webhook {
	const version = "admissionregistration.k8s.io/v1"
	var all []Webhook
	add := func(w Webhook, policy *admissionv1.FailurePolicyType, client admissionv1.WebhookClientConfig) {
		if client.Service == nil || policy != nil && *policy != admissionv1.Fail {
			return
		}
		w.Backends = s.BackendsOf(client.Service.Namespace, client.Service.Name)
		all = append(all, w)
	}
	for o, c := range Objects[admissionv1.ValidatingWebhookConfiguration](s, version, "ValidatingWebhookConfiguration") {
		for i, w := range c.Webhooks {
			add(Webhook{o, i, w.Name, nil, w.Rules, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions}, w.FailurePolicy, w.ClientConfig)
		}
	}
	for o, c := range Objects[admissionv1.MutatingWebhookConfiguration](s, version, "MutatingWebhookConfiguration") {
		for i, w := range c.Webhooks {
			add(Webhook{o, i, w.Name, nil, w.Rules, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions}, w.FailurePolicy, w.ClientConfig)
		}
	}
	return all
}

// In returns a field of the webhook.
func (w Webhook) In(field string) Place {
	return In(w.Configuration, "webhooks", strconv.Itoa(w.Index), field)
}

// BackendsOf returns the workloads behind a Service of the manifests, none if there is no such Service.
func (s *System) BackendsOf(namespace, name string) []*workload.Workload {
	var all []*workload.Workload
	for _, service := range s.Services {
		if service.Name == name && SameNamespace(service.Namespace, namespace) {
			all = append(all, s.Backends(service)...)
		}
	}
	return all
}

// MatchesCreationOf reports whether the API server calls the webhook when the pods of a workload are created. It returns false if
// that depends on a condition, or on labels of a namespace that is not in the manifests.
func (s *System) MatchesCreationOf(w Webhook, of *workload.Workload) bool {
	return len(w.conditions) == 0 && slices.ContainsFunc(w.rules, coversPodCreation) &&
		s.matchesNamespace(w.namespaceSelector, of.Namespace) && matchesLabels(w.objectSelector, s.pod(of).Labels)
}

// coversPodCreation reports whether a rule covers the creation of pods.
func coversPodCreation(r admissionv1.RuleWithOperations) bool {
	has := func(list []string, names ...string) bool {
		return slices.ContainsFunc(list, func(item string) bool { return slices.Contains(names, item) })
	}
	creates := slices.Contains(r.Operations, admissionv1.Create) || slices.Contains(r.Operations, admissionv1.OperationAll)
	return creates && has(r.APIGroups, "", "*") && has(r.APIVersions, "v1", "*") && has(r.Resources, "pods", "*", "*/*") &&
		(r.Scope == nil || *r.Scope != admissionv1.ClusterScope)
}

// matchesNamespace reports whether a selector matches a namespace for certain. Without its Namespace in the manifests, only the
// label that the API server sets is known.
func (s *System) matchesNamespace(selector *metav1.LabelSelector, name string) bool {
	if selector != nil && !slices.ContainsFunc(s.Namespaces, func(n *corev1.Namespace) bool { return n.Name == name }) {
		onlyName := func(key string) bool { return key == corev1.LabelMetadataName && name != "" }
		for key := range selector.MatchLabels {
			if !onlyName(key) {
				return false
			}
		}
		for _, e := range selector.MatchExpressions {
			if !onlyName(e.Key) {
				return false
			}
		}
	}
	return matchesLabels(selector, placement.NewNamespaces(s.Namespaces).Labels(name))
}

// matchesLabels reports whether a selector matches labels. A nil selector matches all, as in a webhook.
func matchesLabels(selector *metav1.LabelSelector, of labels.Set) bool {
	if selector == nil {
		return true
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(of)
}
