package placement_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
)

func pod(namespace string, labels map[string]string, spec corev1.PodSpec) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Labels: labels}, Spec: spec}
}

func selector(labels map[string]string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: labels}
}

var web = map[string]string{"app": "web"}

// repelling is a pod with a required anti-affinity term that selects app: web.
func repelling(namespace string, namespaces []string, bySelector *metav1.LabelSelector) *corev1.Pod {
	term := corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: selector(web), Namespaces: namespaces, NamespaceSelector: bySelector}
	return pod(namespace, web, corev1.PodSpec{Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}}})
}

// TestNamespaces: a term selects pods of the union of namespaces and namespaceSelector, and of its own namespace without both.
func TestNamespaces(t *testing.T) {
	known := placement.NewNamespaces([]*corev1.Namespace{
		{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "blue"}}},
		{ObjectMeta: metav1.ObjectMeta{Name: "lab", Labels: map[string]string{"team": "red"}}},
	})
	byTeam := func(team string) *metav1.LabelSelector { return selector(map[string]string{"team": team}) }
	byName := func(name string) *metav1.LabelSelector {
		return selector(map[string]string{corev1.LabelMetadataName: name})
	}
	none, all := []string(nil), &metav1.LabelSelector{}
	for _, c := range []struct {
		name       string
		namespaces []string
		selector   *metav1.LabelSelector
		own        string
		want, may  string // namespaces whose pods are selected, and may be selected
	}{
		{"own namespace by default", none, nil, "shop", "shop", "shop"},
		{"own namespace that is not in the input", none, nil, "new", "new", "new"},
		{"named", []string{"lab"}, nil, "shop", "lab", "lab"},
		{"all", none, all, "shop", "shop lab new", "shop lab new"},
		{"by a label", none, byTeam("red"), "shop", "lab", "lab new"},
		{"by the automatic label", none, byName("new"), "shop", "new", "new"},
		{"by a label of no namespace", none, byTeam("green"), "shop", "", "new"},
		{"union", []string{"shop"}, byTeam("red"), "shop", "shop lab", "shop lab new"},
		{"union with a selector that matches none", []string{"shop"}, byName("other"), "shop", "shop", "shop"},
		{"a selector does not add the own namespace", none, byName("lab"), "shop", "lab", "lab"},
	} {
		constraint := placement.Constraints(repelling(c.own, c.namespaces, c.selector), known)[0]
		var selected, may []string
		for _, namespace := range []string{"shop", "lab", "new"} {
			other := pod(namespace, web, corev1.PodSpec{})
			if constraint.Selects(other) {
				selected = append(selected, namespace)
			}
			if constraint.MaySelect(other) {
				may = append(may, namespace)
			}
			if unlike := pod(namespace, map[string]string{"app": "api"}, corev1.PodSpec{}); constraint.MaySelect(unlike) {
				t.Errorf("%s: selects a pod with other labels in %s", c.name, namespace)
			}
		}
		if got := strings.Join(selected, " "); got != c.want {
			t.Errorf("%s: selects pods in %q, want %q", c.name, got, c.want)
		}
		if got := strings.Join(may, " "); got != c.may {
			t.Errorf("%s: may select pods in %q, want %q", c.name, got, c.may)
		}
		if got, want := constraint.SelectsOwn(), slices.Contains(strings.Fields(c.want), c.own); got != want {
			t.Errorf("%s: selects its own pods: %t, want %t", c.name, got, want)
		}
		if got, want := constraint.OwnNamespaceOnly(), c.namespaces == nil && c.selector == nil; got != want {
			t.Errorf("%s: own namespace only: %t, want %t", c.name, got, want)
		}
	}
}

// TestNoNamespace: pods without a namespace may be applied to any.
func TestNoNamespace(t *testing.T) {
	c := placement.Constraints(repelling("", []string{"shop"}, nil), nil)[0]
	if c.SelectsOwn() || !c.MaySelectOwn() {
		t.Errorf("selects its own pods: %t, may: %t; want false, true", c.SelectsOwn(), c.MaySelectOwn())
	}
	if c := placement.Constraints(repelling("", nil, nil), nil)[0]; !c.SelectsOwn() || !c.OwnNamespaceOnly() {
		t.Error("a term without namespaces does not select its own pods")
	}
}

// TestSelector: a term selects in one namespace, also in that of pods without one, or in several.
func TestSelector(t *testing.T) {
	for _, c := range []struct {
		own, want string
		bySet     *metav1.LabelSelector
		one       bool
	}{{"shop", "shop", nil, true}, {"", "", nil, true}, {"shop", "", &metav1.LabelSelector{}, false}} {
		_, namespace, ok := placement.Constraints(repelling(c.own, nil, c.bySet), placement.NewNamespaces(nil))[0].Selector()
		if namespace != c.want || ok != c.one {
			t.Errorf("%q with selector %v: %q, %v; want %q, %v", c.own, c.bySet, namespace, ok, c.want, c.one)
		}
	}
}

// TestConstraints: constraints of all kinds, with their positions; invalid selectors are left out.
func TestConstraints(t *testing.T) {
	wrong := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}}
	perPod := selector(map[string]string{"apps.kubernetes.io/pod-index": "0"})
	term := func(s *metav1.LabelSelector) corev1.PodAffinityTerm {
		return corev1.PodAffinityTerm{TopologyKey: "rack", LabelSelector: s}
	}
	preferred := func(s *metav1.LabelSelector) []corev1.WeightedPodAffinityTerm {
		return []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: term(s)}}
	}
	spread := func(s *metav1.LabelSelector, when corev1.UnsatisfiableConstraintAction) corev1.TopologySpreadConstraint {
		return corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: when, LabelSelector: s}
	}
	p := pod("shop", map[string]string{"app": "web", "apps.kubernetes.io/pod-index": "0"}, corev1.PodSpec{
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
			spread(selector(web), corev1.DoNotSchedule), spread(wrong, corev1.DoNotSchedule), spread(&metav1.LabelSelector{}, corev1.ScheduleAnyway), spread(nil, corev1.ScheduleAnyway), spread(perPod, corev1.DoNotSchedule)},
		Affinity: &corev1.Affinity{
			PodAffinity:     &corev1.PodAffinity{PreferredDuringSchedulingIgnoredDuringExecution: preferred(selector(web))},
			PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term(selector(web)), term(&metav1.LabelSelector{})}, PreferredDuringSchedulingIgnoredDuringExecution: preferred(wrong)},
		},
	})
	var got []string
	for _, c := range placement.Constraints(p, nil) {
		text := string(c.Kind) + " over " + c.TopologyKey
		if c.Required {
			text += " required"
		}
		if c.SelectsOwn() {
			text += " own"
		}
		got = append(got, text+" "+strings.Join(c.Path, "."))
	}
	want := []string{
		"spread over zone required own spec.topologySpreadConstraints.0",
		"spread over zone spec.topologySpreadConstraints.2", // empty: counts no pod
		"spread over zone spec.topologySpreadConstraints.3",
		"spread over zone required spec.topologySpreadConstraints.4", // selects one pod of the StatefulSet
		"anti-affinity over rack required own spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0",
		"anti-affinity over rack required own spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.1",
		"affinity over rack own spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.podAffinityTerm",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
