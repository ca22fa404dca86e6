package control

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
)

// TestNewDiskBesideCordonedNode: a server with a new disk waits rather than join the zone of a server on a cordoned node. That one could not
// return to its disk after its eviction.
func TestNewDiskBesideCordonedNode(t *testing.T) {
	t.Parallel()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "helm4", "new-disk", profile{}, filepath.Join(repository, "charts", "argo-events"), nil)
	var nodes []cluster.Node
	zoneOf := map[string]string{}
	for i, zone := range []string{"a", "a", "b", "b", "c", "c"} {
		name := fmt.Sprintf("%s-%d", r.namespace, i)
		nodes, zoneOf[name] = append(nodes, cluster.Node{Name: name, Zone: zone}), zone
	}
	if err := kube.AddNodes(t.Context(), r.namespace, nodes); err != nil {
		t.Fatal(err)
	}
	if err := r.deploy("install", "multi-zone", filepath.Join(repository, "values", "webhook.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := r.awaitReconciled(true); err != nil {
		t.Fatal(err)
	}
	servers, err := r.servers()
	if err != nil {
		t.Fatal(err)
	}
	run := func(command string, args ...any) {
		t.Helper()
		if err := r.follow([]struct{ Run string }{{fmt.Sprintf(command, args...)}}); err != nil {
			t.Fatal(err)
		}
	}

	// The first server gets a new disk, its own zone has no node for it, and the node of the second is cordoned.
	first, second := servers[0], servers[1]
	own := zoneOf[first.Spec.NodeName]
	run("kubectl cordon %s", second.Spec.NodeName)
	for _, n := range nodes {
		if n.Zone == own {
			run("kubectl cordon %s", n.Name)
		}
	}
	run("kubectl delete pvc -n %[1]s data-%[2]s --wait=false && kubectl delete pod -n %[1]s %[2]s", r.namespace, first.Name)
	err = r.eventually(func() error {
		servers, err := r.servers()
		if err != nil {
			return err
		}
		for _, p := range servers {
			if p.Name == first.Name && p.UID != first.UID {
				if p.Spec.NodeName != "" {
					t.Fatalf("%s is on %s in zone %s; %s is on %s", p.Name, p.Spec.NodeName, zoneOf[p.Spec.NodeName], second.Name, second.Spec.NodeName)
				}
				if isUnschedulable(p) {
					return nil
				}
			}
		}
		return errors.New("the server with a new disk is neither scheduled nor Pending")
	})
	if err != nil {
		t.Fatal(err)
	}

	for _, n := range nodes {
		run("kubectl uncordon %s", n.Name)
	}
	r.awaitThreeZones(t)
}
