package survival

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/admission"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// sign is a sign in the pods of a workload that something acts which is not simulated.
type sign struct {
	// text is the sentence after the names of the workloads.
	text string
	of   func(*workload.Workload) bool
}

// signs are in the order of the report.
var signs = []sign{
	{"pods that are not Ready now are assumed to stay so, and so are the pods that replace them", func(w *workload.Workload) bool {
		return slices.ContainsFunc(w.Running, func(r workload.Running) bool { return !r.Ready && !r.Terminating })
	}},
	{"with the update strategy OnDelete, a rollout replaces no pod until a person or an operator deletes it", func(w *workload.Workload) bool {
		return w.Rollout.Type == "OnDelete"
	}},
	{"paused, so a rollout replaces no pod until it is resumed, and its pods are assumed to exist", func(w *workload.Workload) bool {
		return w.Rollout.Type == workload.Paused
	}},
	{"containers without requests for CPU or memory take none in the simulation: real nodes may have no room for them", func(w *workload.Workload) bool {
		return w.Replication.Model != workload.Finite && slices.ContainsFunc(w.Template.Spec.Containers, func(c corev1.Container) bool {
			return (c.Resources.Requests.Cpu().IsZero() && c.Resources.Limits.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() && c.Resources.Limits.Memory().IsZero()) && w.Template.Spec.Resources == nil
		})
	}},
	{"without a readiness probe, a pod counts as Ready as soon as its containers run", func(w *workload.Workload) bool {
		return w.Replication.Model != workload.Finite && !slices.ContainsFunc(w.Template.Spec.Containers, func(c corev1.Container) bool { return c.ReadinessProbe != nil })
	}},
	{"the conditions of readinessGates are assumed to be True", func(w *workload.Workload) bool { return len(w.Template.Spec.ReadinessGates) > 0 }},
	{"schedulingGates are assumed to be removed at once", func(w *workload.Workload) bool { return len(w.Template.Spec.SchedulingGates) > 0 }},
	{"devices of resourceClaims (dynamic resource allocation) are assumed to be free on every node", func(w *workload.Workload) bool { return len(w.Template.Spec.ResourceClaims) > 0 }},
	{"a scheduler of its own (schedulerName) is assumed to place pods as kube-scheduler does", func(w *workload.Workload) bool {
		return w.Template.Spec.SchedulerName != "" && w.Template.Spec.SchedulerName != corev1.DefaultSchedulerName
	}},
	{"pod groups and queues (gang scheduling, Kueue) are not simulated: each pod is placed alone", func(w *workload.Workload) bool {
		return w.Template.Spec.SchedulingGroup != nil || hasKey(w.Template.Labels, w.Template.Annotations, w.Object.Labels)
	}},
	{"the descheduler is not simulated: it may evict pods at any time, as far as budgets allow", runs("descheduler")},
	{"the cluster autoscaler is not simulated: no node is added or removed", runs("cluster-autoscaler")},
}

// groupKeys are label and annotation keys by which schedulers and queues treat pods together: Kueue, the coscheduling plugin,
// Volcano, and YuniKorn.
var groupKeys = []string{
	"kueue.x-k8s.io/queue-name", "kueue.x-k8s.io/pod-group-name", "scheduling.x-k8s.io/pod-group", "pod-group.scheduling.sigs.k8s.io",
	"scheduling.k8s.io/group-name", "yunikorn.apache.org/task-groups",
}

func hasKey(maps ...map[string]string) bool {
	return slices.ContainsFunc(groupKeys, func(key string) bool {
		return slices.ContainsFunc(maps, func(m map[string]string) bool { _, ok := m[key]; return ok })
	})
}

// runs returns a sign for workloads with an image of a name, in any registry and version.
func runs(image string) func(*workload.Workload) bool {
	return func(w *workload.Workload) bool {
		return slices.ContainsFunc(w.Template.Spec.Containers, func(c corev1.Container) bool {
			name, _, _ := strings.Cut(c.Image[strings.LastIndex(c.Image, "/")+1:], ":")
			name, _, _ = strings.Cut(name, "@")
			return name == image
		})
	}
}

// kindsOfOthers are the kinds of objects by which something acts that is not simulated, and the sentence after their names.
var kindsOfOthers = []struct{ kind, text string }{
	{"autoscaling.k8s.io/VerticalPodAutoscaler", "a vertical autoscaler is not simulated: pods keep the requests of their templates, and it evicts none"},
	{"karpenter.sh/NodePool", "Karpenter is not simulated: no node is added, replaced or removed"},
	{"kueue.x-k8s.io/ClusterQueue", "Kueue is not simulated: its queues are assumed to admit every pod"},
	{"scheduling.x-k8s.io/PodGroup", "pod groups are not simulated: each pod is placed alone"},
	{"scheduling.volcano.sh/PodGroup", "pod groups are not simulated: each pod is placed alone"},
	{"scheduling.k8s.io/Workload", "pod groups are not simulated: each pod is placed alone"},
	{"scheduling.k8s.io/PodGroup", "pod groups are not simulated: each pod is placed alone"},
	{"admissionregistration.k8s.io/ValidatingAdmissionPolicy", "admission policies are assumed to accept every pod"},
	{"admissionregistration.k8s.io/MutatingAdmissionPolicy", "admission policies are assumed to change no pod"},
	{"kyverno.io/ClusterPolicy", "policies of Kyverno are assumed to accept every pod and to change none"},
	{"kyverno.io/Policy", "policies of Kyverno are assumed to accept every pod and to change none"},
}

// unmodelled returns what acts on the pods of a system and is not simulated, in sentences.
func unmodelled(s *workload.System) []string {
	var list []string
	for _, sign := range signs {
		var names []string
		for _, w := range s.Workloads {
			if sign.of(w) {
				names = append(names, w.String())
			}
		}
		list = appendNamed(list, names, sign.text)
	}
	for _, k := range kindsOfOthers {
		var names []string
		for _, o := range s.Objects {
			if o.Group()+"/"+o.Kind == k.kind {
				names = append(names, o.String())
			}
		}
		list = appendNamed(list, names, k.text)
	}
	list = appendNamed(list, enforcing(s.Namespaces), "Pod Security Admission is assumed to accept every pod")
	return append(list, ofAdmission(s)...)
}

// appendNamed adds a sentence about some objects, none without any.
func appendNamed(list, names []string, text string) []string {
	const most = 3
	if len(names) == 0 {
		return list
	}
	more := ""
	if n := len(names) - most; n > 0 {
		names, more = names[:most], fmt.Sprintf(" and %d more", n)
	}
	return append(list, fmt.Sprintf("%s%s: %s.", strings.Join(names, ", "), more, text))
}

// enforcing returns the namespaces in which Pod Security Admission may refuse pods.
func enforcing(namespaces []*corev1.Namespace) (names []string) {
	for _, n := range namespaces {
		if level := n.Labels["pod-security.kubernetes.io/enforce"]; level != "" && level != "privileged" {
			names = append(names, "Namespace "+n.Name)
		}
	}
	return names
}

// ofAdmission returns what is assumed of quotas and webhooks.
func ofAdmission(s *workload.System) (list []string) {
	objects, err := admission.Read(s)
	if err != nil {
		return nil // the simulation has reported it
	}
	for _, q := range objects.Quotas {
		if len(q.Unsupported) > 0 {
			list = append(list, fmt.Sprintf("%s: its limits on %s are not simulated.", q.Object, joinNames(q.Unsupported)))
		}
	}
	var away, conditional []string
	delayed := slices.ContainsFunc(objects.Quotas, func(q *admission.Quota) bool {
		return slices.ContainsFunc(s.Workloads, func(w *workload.Workload) bool {
			usage, refused := q.UsageOfPod(w.Pod(0, 1))
			return len(usage) > 0 && refused == ""
		})
	})
	unknown := map[string]bool{}
	for _, h := range objects.Webhooks {
		applies := slices.ContainsFunc(s.Workloads, func(w *workload.Workload) bool {
			_, ok := h.Refuses(w)
			return ok || h.RefusesEviction(w)
		})
		switch {
		case len(h.Backends) == 0 && applies:
			away = append(away, h.String())
		case h.Conditional && applies:
			conditional = append(conditional, h.String())
		}
		delayed = delayed || len(h.Backends) > 0 && applies
		for _, w := range s.Workloads {
			if name := h.UnknownNamespace(w); name != "" && len(h.Backends) > 0 {
				unknown[name] = true
			}
		}
	}
	if delayed {
		list = append(list, "After a quota or a webhook has refused a pod, its controller is assumed to try again as soon as the pod is allowed. It may wait as long again as it has waited before, at most 16m40s.")
	}
	list = appendNamed(list, away, "its pods are not in the input, and it is assumed to answer at all times")
	list = appendNamed(list, conditional, "its matchConditions are assumed to match every pod")
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		list = append(list, fmt.Sprintf("Namespace %s is not in the input: it is assumed to have none of the labels that webhooks select.", name))
	}
	return list
}

func joinNames(all []corev1.ResourceName) string {
	names := make([]string, len(all))
	for i, name := range all {
		names[i] = string(name)
	}
	return strings.Join(names, ", ")
}
