package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

// collected returns the metrics of one object of each kind.
func collected(t *testing.T) series {
	t.Helper()
	two, meta := int32(2), metav1.ObjectMeta{Namespace: "events", Name: "one"}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(
		&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: &two}, Status: appsv1.DeploymentStatus{ReadyReplicas: 1,
			Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse}}}},
		&appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: &two}, Status: appsv1.StatefulSetStatus{ReadyReplicas: 1, CurrentRevision: "a", UpdateRevision: "b"}},
		&appsv1.DaemonSet{ObjectMeta: meta, Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, NumberReady: 2}},
		&policyv1.PodDisruptionBudget{ObjectMeta: meta, Status: policyv1.PodDisruptionBudgetStatus{ExpectedPods: 3}},
		&corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{NodeName: "n"}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{corev1.LabelTopologyZone: "a"}},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}}},
	), 0)
	c := newCollector(factory)
	factory.Start(t.Context().Done())
	factory.WaitForCacheSync(t.Context().Done())
	all, err := c.collect()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMetrics(t *testing.T) {
	var out strings.Builder
	if err := collected(t).write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`kube_deployment_spec_replicas{namespace="events",deployment="one"} 2`,
		`kube_deployment_status_condition{namespace="events",deployment="one",condition="Progressing",status="false"} 1`,
		`kube_deployment_status_condition{namespace="events",deployment="one",condition="Progressing",status="true"} 0`,
		`kube_statefulset_status_replicas_ready{namespace="events",statefulset="one"} 1`,
		`kube_statefulset_status_update_revision{namespace="events",statefulset="one",revision="b"} 1`,
		`kube_daemonset_status_number_ready{namespace="events",daemonset="one"} 2`,
		`kube_poddisruptionbudget_status_pod_disruptions_allowed{namespace="events",poddisruptionbudget="one"} 0`,
		`kube_pod_info{namespace="events",pod="one",uid="",node="n"} 1`,
		`kube_node_status_condition{node="n",condition="Ready",status="true"} 0`,
		`kube_node_status_condition{node="n",condition="Ready",status="unknown"} 1`,
		`kube_node_labels{node="n",label_topology_kubernetes_io_zone="a"} 1`,
	} {
		if !strings.Contains(out.String(), "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}

// TestAlertsHaveMetrics: every metric of kube-state-metrics that the alerts of argo-events read is published.
func TestAlertsHaveMetrics(t *testing.T) {
	holdfast, err := binaries.Holdfast()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := cases.Output(holdfast, "alerts", "argo-events", "--profile", "multi-zone", "--values", "../alerts/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	published := slices.Collect(maps.Keys(collected(t)))
	used := regexp.MustCompile(`\bkube_[a-z_]+`).FindAllString(string(rules), -1)
	if len(used) < 10 {
		t.Fatalf("only %d metrics found", len(used))
	}
	for _, metric := range used {
		if !slices.Contains(published, metric) {
			t.Errorf("%s is not published", metric)
		}
	}
}
