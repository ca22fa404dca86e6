package scheduler

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

func podOf(app string, i int, spread ...corev1.TopologySpreadConstraint) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("%s-%d", app, i), UID: types.UID(fmt.Sprintf("%s-%d", app, i)), Labels: map[string]string{"app": app}},
		Spec: corev1.PodSpec{TopologySpreadConstraints: spread, Containers: []corev1.Container{{Name: "c", Image: "c", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")},
		}}}},
	}
}

func over(key, app string) corev1.TopologySpreadConstraint {
	return corev1.TopologySpreadConstraint{
		MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule, MinDomains: ptr.To[int32](3),
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
	}
}

func place(t *testing.T, s *Scheduler, pod *corev1.Pod) string {
	t.Helper()
	node, err := s.Place(t.Context(), pod)
	if err != nil {
		t.Fatal(err)
	}
	pod.Spec.NodeName = node
	if err := s.Add(pod); err != nil {
		t.Fatal(err)
	}
	return node
}

func TestPlace(t *testing.T) {
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), c.Nodes)
	if err != nil {
		t.Fatal(err)
	}
	zones := map[string]int{}
	var pods []*corev1.Pod
	for i := range 6 {
		pod := podOf("bus", i, over(cluster.ZoneLabel, "bus"), over(cluster.HostLabel, "bus"))
		node, _ := s.snapshot.Get(place(t, s, pod))
		zones[node.Node().Labels[cluster.ZoneLabel]]++
		pods = append(pods, pod)
	}
	if len(zones) != 3 || zones["zone-1"] != 2 || zones["zone-2"] != 2 {
		t.Errorf("pods by zone: %v", zones)
	}
	// Without a zone there are fewer domains than minDomains, so the global minimum is 0 and no pod fits.
	for _, n := range c.Nodes {
		if n.Labels[cluster.ZoneLabel] == "zone-1" {
			s.RemoveNode(n.Name)
		}
	}
	_, err = s.Place(t.Context(), podOf("bus", 7, over(cluster.ZoneLabel, "bus")))
	var refused *Unschedulable
	if !errors.As(err, &refused) || refused.Error() != "pod default/bus-7 fits on no node: 4 node(s) didn't match pod topology spread constraints" {
		t.Errorf("got %v", err)
	}
	// Removed pods free their domain.
	for _, pod := range pods {
		if node := s.nodes.byName[pod.Spec.NodeName]; node != nil && node.info.Node().Labels[cluster.ZoneLabel] == "zone-2" {
			if err := s.Remove(pod); err != nil {
				t.Fatal(err)
			}
		}
	}
	fit, err := s.Feasible(t.Context(), podOf("bus", 8, over(cluster.ZoneLabel, "bus")))
	if err != nil || len(fit) != 2 {
		t.Errorf("fits on %v, want two nodes (%v)", fit, err)
	}
}

// TestScoresDependOnNodes: spread scores weigh a topology by its number of domains. Among a hundred nodes, another pod on
// the node is worse than three in the zone. So every node of a group counts.
func TestScoresDependOnNodes(t *testing.T) {
	c, err := cluster.Uniform(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	single := c.Nodes[0].DeepCopy()
	single.Labels[cluster.ZoneLabel] = "zone-2"
	c.Nodes[0] = single
	s, err := New(t.Context(), c.Nodes)
	if err != nil {
		t.Fatal(err)
	}
	for i, node := range []int{0, 97, 98, 99} {
		running := podOf("web", i)
		running.Spec.Containers, running.Spec.NodeName = nil, c.Nodes[node].Name
		if err := s.Add(running); err != nil {
			t.Fatal(err)
		}
	}
	host, zone := over(cluster.HostLabel, "web"), over(cluster.ZoneLabel, "web")
	for _, c := range []*corev1.TopologySpreadConstraint{&host, &zone} {
		c.WhenUnsatisfiable, c.MinDomains = corev1.ScheduleAnyway, nil
	}
	if got := place(t, s, podOf("web", 4, host, zone)); got != "node-002" {
		t.Errorf("the pod is on %s, want node-002", got)
	}
}
