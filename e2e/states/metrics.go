package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	policylisters "k8s.io/client-go/listers/policy/v1"
)

// collector writes the metrics of all objects in its caches.
type collector struct {
	deployments appslisters.DeploymentLister
	sets        appslisters.StatefulSetLister
	daemons     appslisters.DaemonSetLister
	budgets     policylisters.PodDisruptionBudgetLister
	pods        corelisters.PodLister
	nodes       corelisters.NodeLister
}

func newCollector(f informers.SharedInformerFactory) *collector {
	return &collector{
		f.Apps().V1().Deployments().Lister(), f.Apps().V1().StatefulSets().Lister(), f.Apps().V1().DaemonSets().Lister(),
		f.Policy().V1().PodDisruptionBudgets().Lister(), f.Core().V1().Pods().Lister(), f.Core().V1().Nodes().Lister(),
	}
}

// ServeHTTP writes all metrics in the text format of Prometheus.
func (c *collector) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	all, err := c.collect()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = all.write(w)
}

// series are values of metrics: by the name of the metric, then by its labels.
type series map[string]map[string]float64

// set sets a value; names and values of labels alternate.
func (s series) set(metric string, value float64, pairs ...string) {
	var all []string
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, fmt.Sprintf("%s=%q", pairs[i], pairs[i+1]))
	}
	if s[metric] == nil {
		s[metric] = map[string]float64{}
	}
	s[metric]["{"+strings.Join(all, ",")+"}"] = value
}

func (s series) write(w io.Writer) error {
	for _, metric := range slices.Sorted(maps.Keys(s)) {
		if _, err := fmt.Fprintf(w, "# TYPE %s gauge\n", metric); err != nil {
			return err
		}
		for _, at := range slices.Sorted(maps.Keys(s[metric])) {
			if _, err := fmt.Fprintf(w, "%s%s %g\n", metric, at, s[metric][at]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *collector) collect() (series, error) {
	s := series{}
	for _, add := range []func(series) error{c.addDeployments, c.addSets, c.addDaemons, c.addBudgets, c.addPods, c.addNodes} {
		if err := add(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (c *collector) addDeployments(s series) error {
	all, err := c.deployments.List(labels.Everything())
	for _, d := range all {
		at := []string{"namespace", d.Namespace, "deployment", d.Name}
		s.set("kube_deployment_spec_replicas", float64(*d.Spec.Replicas), at...)
		s.set("kube_deployment_status_replicas_ready", float64(d.Status.ReadyReplicas), at...)
		s.set("kube_deployment_status_replicas_updated", float64(d.Status.UpdatedReplicas), at...)
		for _, condition := range d.Status.Conditions {
			s.setCondition("kube_deployment_status_condition", string(condition.Type), condition.Status, at...)
		}
	}
	return err
}

// setCondition sets a value for each status that a condition can have, 1 for the current one.
func (s series) setCondition(metric, condition string, status corev1.ConditionStatus, at ...string) {
	for _, one := range []corev1.ConditionStatus{corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown} {
		value := 0.0
		if one == status {
			value = 1
		}
		s.set(metric, value, append(slices.Clone(at), "condition", condition, "status", strings.ToLower(string(one)))...)
	}
}

func (c *collector) addSets(s series) error {
	all, err := c.sets.List(labels.Everything())
	for _, d := range all {
		at := []string{"namespace", d.Namespace, "statefulset", d.Name}
		s.set("kube_statefulset_replicas", float64(*d.Spec.Replicas), at...)
		s.set("kube_statefulset_status_replicas_ready", float64(d.Status.ReadyReplicas), at...)
		s.set("kube_statefulset_status_replicas_updated", float64(d.Status.UpdatedReplicas), at...)
		s.set("kube_statefulset_status_current_revision", 1, append(slices.Clone(at), "revision", d.Status.CurrentRevision)...)
		s.set("kube_statefulset_status_update_revision", 1, append(slices.Clone(at), "revision", d.Status.UpdateRevision)...)
	}
	return err
}

func (c *collector) addDaemons(s series) error {
	all, err := c.daemons.List(labels.Everything())
	for _, d := range all {
		at := []string{"namespace", d.Namespace, "daemonset", d.Name}
		s.set("kube_daemonset_status_desired_number_scheduled", float64(d.Status.DesiredNumberScheduled), at...)
		s.set("kube_daemonset_status_number_ready", float64(d.Status.NumberReady), at...)
		s.set("kube_daemonset_status_updated_number_scheduled", float64(d.Status.UpdatedNumberScheduled), at...)
	}
	return err
}

func (c *collector) addBudgets(s series) error {
	all, err := c.budgets.List(labels.Everything())
	for _, b := range all {
		at := []string{"namespace", b.Namespace, "poddisruptionbudget", b.Name}
		s.set("kube_poddisruptionbudget_status_pod_disruptions_allowed", float64(b.Status.DisruptionsAllowed), at...)
		s.set("kube_poddisruptionbudget_status_expected_pods", float64(b.Status.ExpectedPods), at...)
	}
	return err
}

func (c *collector) addPods(s series) error {
	all, err := c.pods.List(labels.Everything())
	for _, p := range all {
		s.set("kube_pod_info", 1, "namespace", p.Namespace, "pod", p.Name, "uid", string(p.UID), "node", p.Spec.NodeName)
	}
	return err
}

func (c *collector) addNodes(s series) error {
	all, err := c.nodes.List(labels.Everything())
	for _, n := range all {
		for _, condition := range n.Status.Conditions {
			s.setCondition("kube_node_status_condition", string(condition.Type), condition.Status, "node", n.Name)
		}
		// As with --metric-labels-allowlist=nodes=[topology.kubernetes.io/zone].
		at := []string{"node", n.Name}
		if zone := n.Labels[corev1.LabelTopologyZone]; zone != "" {
			at = append(at, "label_topology_kubernetes_io_zone", zone)
		}
		s.set("kube_node_labels", 1, at...)
	}
	return err
}
