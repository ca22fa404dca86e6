package survival

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestRecovery: the outage of a workload after the failure or the drain of a node.
func TestRecovery(t *testing.T) {
	const probes = "readinessProbe: {initialDelaySeconds: 3, periodSeconds: 4, successThreshold: 2, tcpSocket: {port: 1}}, startupProbe: {periodSeconds: 7, tcpSocket: {port: 1}}"
	const lease = "args: [--leader-elect-lease-duration=5s, --leader-elect-retry-period=1s]"
	one := func(kind, pod string) string {
		return simtest.Replicas(1, simtest.Workload(kind, "a", "", pod))
	}
	three := simtest.Workload("Deployment", "a", "", simtest.HostAntiAffinity)
	tolerates := func(effect, seconds string) string {
		return "tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: " + effect + seconds + "}]"
	}
	for name, c := range map[string]struct {
		text           string
		model          workload.Model
		failure, drain time.Duration
	}{
		"defaults":                 {one("Deployment", ""), workload.Stateless, 351 * time.Second, time.Second},
		"probes":                   {simtest.Container(probes, one("Deployment", "")), workload.Stateless, (350 + 1 + 7 + 11) * time.Second, 19 * time.Second},
		"tolerationSeconds 30":     {one("Deployment", tolerates("NoExecute", ", tolerationSeconds: 30")), workload.Stateless, 81 * time.Second, time.Second},
		"unlimited toleration":     {one("Deployment", tolerates("NoExecute", "")), workload.Stateless, -1, time.Second},
		"a quota of one pod":       {one("Deployment", "") + quota(`pods: "1"`, ""), workload.Stateless, (350 + 2*(2*30+300) + 1) * time.Second, 31 * time.Second},
		"a quota, long grace":      {one("Deployment", "terminationGracePeriodSeconds: 600") + quota(`pods: "1"`, ""), workload.Stateless, (350 + 1500 + 1000 + 1) * time.Second, 601 * time.Second},
		"StatefulSet":              {one("StatefulSet", "terminationGracePeriodSeconds: 7"), workload.Single, -1, 8 * time.Second},
		"election of one of three": {three, workload.Elected, time.Second, time.Second},
		"election of the only pod": {one("Deployment", ""), workload.Elected, 352 * time.Second, 2 * time.Second},
		"standby of three":         {three, workload.Standby, 23800 * time.Millisecond, 23800 * time.Millisecond},
		"standby with lease flags": {simtest.Container(lease, three), workload.Standby, 9400 * time.Millisecond, 9400 * time.Millisecond},
		"standby of one":           {one("Deployment", ""), workload.Standby, 374800 * time.Millisecond, 24800 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := verifytest.Read(t, "m.yaml", c.text)
			s.Workloads[0].Replication.Model = c.model
			r, err := Simulate(t.Context(), uniform(t, 4, 0), s)
			if err != nil {
				t.Fatal(err)
			}
			for event, want := range map[Event]time.Duration{LoseNode: c.failure, DrainNode: c.drain} {
				if got := scenario(t, r, event, "node-1").Outcomes[0].Recovery; got != want {
					t.Errorf("%s: recovery %s, want %s", event, got, want)
				}
			}
		})
	}
}

// TestDetection: recovery depends on the time until a node failure is detected.
func TestDetection(t *testing.T) {
	nodes := uniform(t, 4, 0)
	nodes.Detection = 8 * time.Second
	r, err := Simulate(t.Context(), nodes, verifytest.Read(t, "m.yaml", simtest.Replicas(1, simtest.Workload("Deployment", "a", "", ""))))
	if err != nil {
		t.Fatal(err)
	}
	if got := scenario(t, r, LoseNode, "node-1").Outcomes[0].Recovery; got != 309*time.Second {
		t.Errorf("recovery %s, want 309 s: 8 s for detection, 300 s of toleration, 1 s to start", got)
	}
}

// TestAssumptions: each assumption is listed only for systems that it affects.
func TestAssumptions(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		model workload.Model
		want  string // a part of the sentence beside those that every system has, "" without one
	}{
		"stateless":             {simtest.Workload("Deployment", "a", "", ""), workload.Stateless, ""},
		"standby":               {simtest.Workload("Deployment", "a", "", ""), workload.Standby, "within 23.8s: it retries every 2s or later until a lease of 15s"},
		"elected":               {simtest.Workload("Deployment", "a", "", ""), workload.Elected, "by majority takes 1s"},
		"volumeClaimTemplates":  {simtest.Workload("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]", ""), workload.Single, "The default StorageClass is not in the input."},
		"persistentVolumeClaim": {simtest.Workload("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"), workload.Stateless, "PersistentVolumeClaim d is not in the input."},
		"network volume": {simtest.Workload("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]") + simtest.Claim("d", "ReadWriteMany", "storageClassName: nfs") + `
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: nfs}, provisioner: nfs.csi.k8s.io}`, workload.Stateless, "Volumes that are usable on every node are available in every failure"},
	} {
		s := verifytest.Read(t, "m.yaml", simtest.Container("resources: {requests: {cpu: 1, memory: 1Gi}}, readinessProbe: {tcpSocket: {port: 80}}", c.text))
		s.Workloads[0].Replication.Model = c.model
		zones := uniform(t, 3, 3)
		own := Assumptions(zones, s)[2:]
		if got := Assumptions(cluster.Cluster{Nodes: zones.Nodes, Detection: time.Second}, s)[1:]; !slices.Equal(got, own) {
			t.Errorf("%s: with a given detection time: %q, want %q", name, got, own)
		}
		if got := strings.Join(own, " "); !strings.Contains(got, c.want) || len(own) != min(1, len(c.want)) {
			t.Errorf("%s: got %q, want %q", name, own, c.want)
		}
		if got := Assumptions(uniform(t, 3, 0), s); strings.Contains(strings.Join(got, " "), "in one zone") {
			t.Errorf("%s: without zones: %q", name, got)
		}
	}
}
