package scheduler

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

func newScheduler(t *testing.T, nodes, zones int, k ClusterObjects) *Scheduler {
	t.Helper()
	c, err := cluster.Uniform(nodes, zones)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), c.Nodes)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetObjects(k); err != nil {
		t.Fatal(err)
	}
	return s
}

// Pods that no constraint spreads are spread softly from those of their Services and controllers, and from no others.
func TestDefaultSpread(t *testing.T) {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "default", Name: name} }
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	for name, tt := range map[string]struct {
		known ClusterObjects
		owner string
		want  string
	}{
		"nothing is known":             {want: "node-1"},
		"a Service":                    {known: ClusterObjects{Services: []*corev1.Service{{ObjectMeta: meta("web"), Spec: corev1.ServiceSpec{Selector: selector.MatchLabels}}}}, want: "node-3"},
		"a Service of others":          {known: ClusterObjects{Services: []*corev1.Service{{ObjectMeta: meta("db"), Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "db"}}}}}, want: "node-1"},
		"a Service without selector":   {known: ClusterObjects{Services: []*corev1.Service{{ObjectMeta: meta("web")}}}, want: "node-1"},
		"a ReplicaSet":                 {known: ClusterObjects{ReplicaSets: []*appsv1.ReplicaSet{{ObjectMeta: meta("own"), Spec: appsv1.ReplicaSetSpec{Selector: selector}}}}, owner: "ReplicaSet", want: "node-3"},
		"a ReplicaSet that is not its": {known: ClusterObjects{ReplicaSets: []*appsv1.ReplicaSet{{ObjectMeta: meta("own"), Spec: appsv1.ReplicaSetSpec{Selector: selector}}}}, want: "node-1"},
		"a StatefulSet":                {known: ClusterObjects{StatefulSets: []*appsv1.StatefulSet{{ObjectMeta: meta("own"), Spec: appsv1.StatefulSetSpec{Selector: selector}}}}, owner: "StatefulSet", want: "node-3"},
	} {
		t.Run(name, func(t *testing.T) {
			// A large node, and beside the other zone a small one.
			var nodes []*corev1.Node
			for _, n := range []struct{ name, zone, cpu string }{{"node-1", "a", "64"}, {"node-2", "a", "64"}, {"node-3", "b", "4"}} {
				nodes = append(nodes, &corev1.Node{
					ObjectMeta: metav1.ObjectMeta{Name: n.name, Labels: map[string]string{cluster.HostLabel: n.name, cluster.ZoneLabel: n.zone}},
					Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{
						corev1.ResourceCPU: resource.MustParse(n.cpu), corev1.ResourceMemory: resource.MustParse("64Gi"), corev1.ResourcePods: resource.MustParse("110"),
					}},
				})
			}
			s, err := New(t.Context(), nodes)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.SetObjects(tt.known); err != nil {
				t.Fatal(err)
			}
			first, second := podOf("web", 0), podOf("web", 1)
			for _, p := range []*corev1.Pod{first, second} {
				p.Spec.Containers[0].Resources.Requests = nil
				if tt.owner != "" {
					p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: tt.owner, Name: "own", Controller: ptr.To(true)}}
				}
			}
			first.Spec.NodeName = "node-2"
			if err := s.Add(first); err != nil {
				t.Fatal(err)
			}
			if got := place(t, s, second); got != tt.want {
				t.Errorf("the second pod is on %s, not on %s", got, tt.want)
			}
		})
	}
}

// Terms of affinity select namespaces by their labels, and by the name that each has as a label.
func TestNamespaces(t *testing.T) {
	blue := ClusterObjects{Namespaces: []*corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "blue", Labels: map[string]string{"team": "a"}}}}}
	for name, tt := range map[string]struct {
		known    ClusterObjects
		selector map[string]string
		want     string
	}{
		"by label":             {known: blue, selector: map[string]string{"team": "a"}, want: "node-2"},
		"by name":              {known: blue, selector: map[string]string{corev1.LabelMetadataName: "blue"}, want: "node-2"},
		"nobody spoke of it":   {selector: map[string]string{corev1.LabelMetadataName: "blue"}, want: "node-2"},
		"without labels":       {selector: map[string]string{"team": "a"}, want: "node-1"},
		"another one":          {known: blue, selector: map[string]string{"team": "b"}, want: "node-1"},
		"all of them":          {selector: map[string]string{}, want: "node-2"},
		"one that has no pods": {known: blue, selector: map[string]string{corev1.LabelMetadataName: "red"}, want: "node-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScheduler(t, 2, 0, tt.known)
			there := podOf("web", 0)
			there.Namespace, there.Spec.NodeName = "blue", "node-1"
			// It asks for nothing, so that the node is as good as the other.
			there.Spec.Containers = nil
			if err := s.Add(there); err != nil {
				t.Fatal(err)
			}
			comes := podOf("db", 0)
			comes.Spec.Containers = nil
			comes.Spec.Affinity = apart("web")
			comes.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: tt.selector}
			if got := place(t, s, comes); got != tt.want {
				t.Errorf("it is on %s, not on %s", got, tt.want)
			}
		})
	}
}

// What is known can be told anew, and counts for pods that were placed before, too.
func TestKnowReplaces(t *testing.T) {
	s := newScheduler(t, 3, 0, ClusterObjects{})
	for i, app := range []string{"web", "bus"} {
		there := podOf(app, 0)
		there.Spec.NodeName = fmt.Sprint("node-", i+1)
		if err := s.Add(there); err != nil {
			t.Fatal(err)
		}
	}
	comes := podOf("db", 0)
	comes.Spec.Affinity = apart("web")
	comes.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}}
	labelled := ClusterObjects{Namespaces: []*corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "default", Labels: map[string]string{"team": "a"}}}}}
	for _, tt := range []struct {
		known ClusterObjects
		fits  int
	}{{ClusterObjects{}, 3}, {labelled, 2}, {ClusterObjects{}, 3}} {
		if err := s.SetObjects(tt.known); err != nil {
			t.Fatal(err)
		}
		if fit, err := s.Feasible(t.Context(), comes); err != nil || len(fit) != tt.fits {
			t.Errorf("fits on %v, not on %d nodes (%v)", fit, tt.fits, err)
		}
	}
}
