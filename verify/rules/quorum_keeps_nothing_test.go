package rules

import (
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestDisksOfBuses: servers that the controller runs keep their streams on a disk only where persistence is asked for.
func TestDisksOfBuses(t *testing.T) {
	for spec, want := range map[string]int{"": 1, ", replicas: 1": 0, ", persistence: {}": 0} {
		s := system(t, "{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: default}, spec: {jetstream: {version: latest"+spec+"}}}")
		found := of(quorumKeepsNothing, Check(s, cluster.Cluster{}))
		if len(found) != want {
			t.Errorf("jetstream%s: %d findings, want %d", spec, len(found), want)
		}
	}
}
