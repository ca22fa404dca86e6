package rules

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestElectsWithLease: flags that elect a leader with a Lease, and those that do not.
func TestElectsWithLease(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{
		{[]string{"--leader-elect"}, true}, {[]string{"-leader-elect=true"}, true}, {[]string{"--enable-leader-election"}, true},
		{[]string{"--leader-elect", "--v=2"}, true}, {[]string{"--leader-elect=false"}, false}, {[]string{"--leader-elect", "false"}, false},
		{[]string{"--leader-elect", "--leader-elect-resource-lock=configmaps"}, false}, {[]string{"--leader-elect=true", "--kubeconfig=/etc/kubernetes/scheduler.conf"}, false},
		{[]string{"--leader-election-namespace=kube-system"}, false}, {nil, false},
	} {
		if got := electsWithLease(&corev1.Container{Args: c.args}); got != c.want {
			t.Errorf("%q: got %t, want %t", c.args, got, c.want)
		}
	}
}

// TestLeasesOfArgoEvents: an EventSource or Sensor that elects with a Lease needs a Role, if its EventBus and its ServiceAccount are
// in the manifests.
func TestLeasesOfArgoEvents(t *testing.T) {
	const account, bus = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: elects}}", "{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: default}, spec: {BUS: {}}}"
	const object = "{apiVersion: argoproj.io/v1alpha1, kind: KIND, metadata: {name: a, annotations: {events.argoproj.io/leader-election: BY}}, spec: {calendar: {a: {}}, template: {serviceAccountName: elects}}}"
	for _, c := range []struct {
		kind, by, bus string
		want          int
	}{
		{"Sensor", "k8s", "jetstream", 1}, {"Sensor", "bus", "jetstream", 0}, {"Sensor", "k8s", "kafka", 0}, {"Sensor", "k8s", "", 0},
		{"EventSource", "k8s", "jetstream", 1}, {"EventSource", "bus", "jetstream", 0}, {"EventSource", "bus", "kafka", 1}, {"EventSource", "k8s", "", 1},
	} {
		all := []string{account, strings.NewReplacer("KIND", c.kind, "BY", c.by).Replace(object)}
		if c.bus != "" {
			all = append(all, strings.Replace(bus, "BUS", c.bus, 1))
		}
		if found := findingsOf(leaseWithoutRole, Check(system(t, strings.Join(all, "\n---\n")), cluster.Cluster{})); len(found) != c.want {
			t.Errorf("%+v: %d findings, want %d", c, len(found), c.want)
		}
	}
}
