package checks

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/admission"
)

// webhooks finds admission webhooks that block a recovery: without an answer the API server refuses new pods, evictions, or the
// heartbeats of kubelets.
var webhooks = Check{
	ID: "webhooks", Title: "No admission webhook can block a recovery",
	Reads: []snapshot.Resource{snapshot.Validating, snapshot.Mutating, snapshot.Services, snapshot.Endpoints, snapshot.Pods, snapshot.Namespaces},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		all := webhooksOf(s)
		strict := filter(all, func(w webhook) bool {
			return (w.policy == nil || *w.policy == admissionv1.Fail) && admission.AffectsRecovery(w.rules) && w.selectsAny(s.Namespaces)
		})
		for _, w := range strict {
			findings = append(findings, w.findings(s)...)
		}
		return fmt.Sprintf("%d of %s refuse requests of a recovery when they do not answer", len(strict), count(len(all), "webhook")), findings
	},
}

// webhook is a webhook of either kind.
type webhook struct {
	// object is "KIND NAME" of its configuration.
	object, name      string
	policy            *admissionv1.FailurePolicyType
	rules             []admissionv1.RuleWithOperations
	client            admissionv1.WebhookClientConfig
	namespace, labels *metav1.LabelSelector
	// conditional webhooks have matchConditions, which may exclude requests.
	conditional bool
}

// selectsAny reports whether the webhook applies to one of some namespaces, or no namespace is known.
func (w webhook) selectsAny(namespaces []*corev1.Namespace) bool {
	for _, n := range namespaces {
		if selects(w.namespace, n.Labels) {
			return true
		}
	}
	return len(namespaces) == 0
}

func webhooksOf(s *snapshot.Snapshot) (all []webhook) {
	for _, c := range s.Validating {
		for _, w := range c.Webhooks {
			all = append(all, webhook{"ValidatingWebhookConfiguration " + c.Name, w.Name, w.FailurePolicy, w.Rules, w.ClientConfig, w.NamespaceSelector, w.ObjectSelector, len(w.MatchConditions) > 0})
		}
	}
	for _, c := range s.Mutating {
		for _, w := range c.Webhooks {
			all = append(all, webhook{"MutatingWebhookConfiguration " + c.Name, w.Name, w.FailurePolicy, w.Rules, w.ClientConfig, w.NamespaceSelector, w.ObjectSelector, len(w.MatchConditions) > 0})
		}
	}
	return all
}

func (w webhook) findings(s *snapshot.Snapshot) []Finding {
	service := w.client.Service
	if service == nil {
		return []Finding{{Warn, w.object, fmt.Sprintf("webhook %s is outside of the cluster: while it does not answer, recoveries are blocked", w.name),
			"make sure that it survives the same failures, or set failurePolicy: Ignore"}}
	}
	name := service.Namespace + "/" + service.Name
	ready, nodes := endpoints(s, service.Namespace, service.Name)
	var findings []Finding
	switch {
	case ready == 0 && w.conditional:
		findings = append(findings, Finding{Warn, w.object, fmt.Sprintf("webhook %s has no ready endpoint in Service %s: requests of recoveries are refused now, unless its matchConditions exclude them", w.name, name),
			"repair its pods, or delete the configuration if its software is gone"})
	case ready == 0:
		findings = append(findings, Finding{Fail, w.object, fmt.Sprintf("webhook %s has no ready endpoint in Service %s: the requests of recoveries that it selects are refused now", w.name, name),
			"repair its pods, delete the configuration if its software is gone, or set failurePolicy: Ignore"})
	case ready == 1:
		findings = append(findings, Finding{Warn, w.object, fmt.Sprintf("webhook %s has one ready endpoint in Service %s: recoveries are blocked while its pod is replaced", w.name, name),
			"run a second replica on another node, or set failurePolicy: Ignore"})
	case nodes == 1:
		findings = append(findings, Finding{Warn, w.object, fmt.Sprintf("webhook %s has all %d ready endpoints of Service %s on one node: its failure blocks recoveries", w.name, ready, name),
			"spread its pods over nodes, or set failurePolicy: Ignore"})
	}
	if pod := w.ownPod(s); pod != nil {
		message := fmt.Sprintf("webhook %s matches its own pods, such as Pod %s/%s: after a failure of all of them, no new one is created", w.name, pod.Namespace, pod.Name)
		status := Fail
		if w.conditional {
			status, message = Warn, message+", unless its matchConditions exclude them"
		}
		findings = append(findings, Finding{status, w.object, message, fmt.Sprintf("exclude namespace %s by its namespaceSelector", pod.Namespace)})
	}
	return findings
}

// endpoints returns the number of ready endpoints of a Service, and of their nodes. Endpoints without a node count as nodes of their own.
func endpoints(s *snapshot.Snapshot, namespace, service string) (ready, nodes int) {
	seen := map[string]bool{}
	on := map[string]bool{}
	for _, slice := range s.Endpoints {
		if slice.Namespace != namespace || slice.Labels[discoveryv1.LabelServiceName] != service {
			continue
		}
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready != nil && !*e.Conditions.Ready || len(e.Addresses) == 0 {
				continue
			}
			id := e.Addresses[0] // a Service with two address families has a slice for each
			if e.TargetRef != nil {
				id = string(e.TargetRef.UID) + e.TargetRef.Name
			}
			if seen[id] {
				continue
			}
			seen[id] = true
			node := id
			if e.NodeName != nil {
				node = "node " + *e.NodeName
			}
			on[node] = true
		}
	}
	return len(seen), len(on)
}

// ownPod returns a pod behind the webhook whose creation the webhook may refuse, nil without one.
func (w webhook) ownPod(s *snapshot.Snapshot) *corev1.Pod {
	home := w.client.Service.Namespace
	if !admission.AffectsPodCreation(w.rules) || !selects(w.namespace, namespaceLabels(s, home)) {
		return nil
	}
	for _, service := range s.Services {
		if service.Namespace != home || service.Name != w.client.Service.Name || len(service.Spec.Selector) == 0 {
			continue
		}
		backend := labels.SelectorFromSet(service.Spec.Selector)
		for _, p := range s.Pods {
			if p.Namespace == home && !isDone(p) && backend.Matches(labels.Set(p.Labels)) && selects(w.labels, p.Labels) {
				return p
			}
		}
	}
	return nil
}

func namespaceLabels(s *snapshot.Snapshot, name string) map[string]string {
	for _, n := range s.Namespaces {
		if n.Name == name {
			return n.Labels
		}
	}
	return map[string]string{corev1.LabelMetadataName: name}
}

// selects reports whether a selector of a webhook matches; a missing one matches everything.
func selects(selector *metav1.LabelSelector, set map[string]string) bool {
	if selector == nil {
		return true
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}
