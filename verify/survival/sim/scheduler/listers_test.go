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

func newScheduler(t *testing.T, nodes, zones int, objects ClusterObjects) *Scheduler {
	t.Helper()
	c, err := cluster.Uniform(nodes, zones)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), c.Nodes)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetObjects(objects); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDefaultSpread: pods without spread constraints prefer nodes without pods of the same Service or controller.
func TestDefaultSpread(t *testing.T) {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "default", Name: name} }
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	for name, tt := range map[string]struct {
		objects ClusterObjects
		owner   string
		want    string
	}{
		"no objects":                         {want: "node-1"},
		"Service":                            {objects: ClusterObjects{Services: []*corev1.Service{{ObjectMeta: meta("web"), Spec: corev1.ServiceSpec{Selector: selector.MatchLabels}}}}, want: "node-3"},
		"Service of another app":             {objects: ClusterObjects{Services: []*corev1.Service{{ObjectMeta: meta("db"), Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "db"}}}}}, want: "node-1"},
		"Service without selector":           {objects: ClusterObjects{Services: []*corev1.Service{{ObjectMeta: meta("web")}}}, want: "node-1"},
		"ReplicaSet":                         {objects: ClusterObjects{ReplicaSets: []*appsv1.ReplicaSet{{ObjectMeta: meta("own"), Spec: appsv1.ReplicaSetSpec{Selector: selector}}}}, owner: "ReplicaSet", want: "node-3"},
		"ReplicaSet without owner reference": {objects: ClusterObjects{ReplicaSets: []*appsv1.ReplicaSet{{ObjectMeta: meta("own"), Spec: appsv1.ReplicaSetSpec{Selector: selector}}}}, want: "node-1"},
		"StatefulSet":                        {objects: ClusterObjects{StatefulSets: []*appsv1.StatefulSet{{ObjectMeta: meta("own"), Spec: appsv1.StatefulSetSpec{Selector: selector}}}}, owner: "StatefulSet", want: "node-3"},
	} {
		t.Run(name, func(t *testing.T) {
			// Without spreading, the large node in the same zone has a higher score than the small one in the other zone.
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
			if err := s.SetObjects(tt.objects); err != nil {
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
				t.Errorf("the second pod is on %s, want %s", got, tt.want)
			}
		})
	}
}

// TestNamespaces: affinity terms select namespaces by their labels, and by the label with their name.
func TestNamespaces(t *testing.T) {
	blue := ClusterObjects{Namespaces: []*corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "blue", Labels: map[string]string{"team": "a"}}}}}
	for name, tt := range map[string]struct {
		objects  ClusterObjects
		selector map[string]string
		want     string
	}{
		"by label":                   {objects: blue, selector: map[string]string{"team": "a"}, want: "node-2"},
		"by name":                    {objects: blue, selector: map[string]string{corev1.LabelMetadataName: "blue"}, want: "node-2"},
		"unknown namespace by name":  {selector: map[string]string{corev1.LabelMetadataName: "blue"}, want: "node-2"},
		"unknown namespace by label": {selector: map[string]string{"team": "a"}, want: "node-1"},
		"other label":                {objects: blue, selector: map[string]string{"team": "b"}, want: "node-1"},
		"empty selector":             {selector: map[string]string{}, want: "node-2"},
		"namespace without pods":     {objects: blue, selector: map[string]string{corev1.LabelMetadataName: "red"}, want: "node-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScheduler(t, 2, 0, tt.objects)
			running := podOf("web", 0)
			running.Namespace, running.Spec.NodeName = "blue", "node-1"
			// Without requests, so that both nodes have the same score.
			running.Spec.Containers = nil
			if err := s.Add(running); err != nil {
				t.Fatal(err)
			}
			pod := podOf("db", 0)
			pod.Spec.Containers = nil
			pod.Spec.Affinity = antiAffinity("web")
			pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: tt.selector}
			if got := place(t, s, pod); got != tt.want {
				t.Errorf("the pod is on %s, want %s", got, tt.want)
			}
		})
	}
}

// TestSetObjectsReplaces: SetObjects replaces all objects, also for pods that were placed before.
func TestSetObjectsReplaces(t *testing.T) {
	s := newScheduler(t, 3, 0, ClusterObjects{})
	for i, app := range []string{"web", "bus"} {
		running := podOf(app, 0)
		running.Spec.NodeName = fmt.Sprint("node-", i+1)
		if err := s.Add(running); err != nil {
			t.Fatal(err)
		}
	}
	pod := podOf("db", 0)
	pod.Spec.Affinity = antiAffinity("web")
	pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}}
	labelled := ClusterObjects{Namespaces: []*corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "default", Labels: map[string]string{"team": "a"}}}}}
	for _, tt := range []struct {
		objects ClusterObjects
		fits    int
	}{{ClusterObjects{}, 3}, {labelled, 2}, {ClusterObjects{}, 3}} {
		if err := s.SetObjects(tt.objects); err != nil {
			t.Fatal(err)
		}
		if fit, err := s.Feasible(t.Context(), pod); err != nil || len(fit) != tt.fits {
			t.Errorf("fits on %v, want %d nodes (%v)", fit, tt.fits, err)
		}
	}
}
