package rules

import (
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestVolumesOfBuses: servers that the controller runs have volumes only with persistence.
func TestVolumesOfBuses(t *testing.T) {
	for spec, want := range map[string]int{"": 1, ", replicas: 1": 0, ", persistence: {}": 0} {
		s := system(t, "{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: default}, spec: {jetstream: {version: latest"+spec+"}}}")
		found := findingsOf(quorumKeepsNothing, Check(s, cluster.Cluster{}))
		if len(found) != want {
			t.Errorf("jetstream%s: %d findings, want %d", spec, len(found), want)
		}
	}
}
