package guarantee

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestVolumes: a volume that nothing keeps in place does not weaken a proof; another one does, with a fix of its own.
func TestVolumes(t *testing.T) {
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	const mount = "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"
	three := simtest.Workload("Deployment", "a", "", mount)
	one := simtest.Replicas(1, three)
	ofClass := func(mode, provisioner, binding string) string {
		return simtest.Claim("d", mode, "storageClassName: c") + simtest.Class("c", provisioner, binding)
	}
	own := simtest.Workload("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], storageClassName: c}}]", "")
	allowed := func(key, values string) string {
		return simtest.Class("c", "pd.csi.storage.gke.io", "WaitForFirstConsumer", "allowedTopologies: [{matchLabelExpressions: [{key: "+key+", values: ["+values+"]}]}]")
	}
	for name, test := range map[string]struct {
		text, rollout, fix string // parts of the reason and the fix of the rollout, "" if it is proven
		replaced           bool   // in the steady state
	}{
		"file system":               {three + ofClass("ReadWriteMany", "nfs.csi.k8s.io", "Immediate"), "", "", true},
		"disk of several pods":      {three + ofClass("ReadWriteOnce", "ebs.csi.aws.com", "WaitForFirstConsumer"), "usable on one node at a time", "ReadWriteMany", false},
		"disk of one pod":           {one + ofClass("ReadWriteOnce", "ebs.csi.aws.com", "WaitForFirstConsumer"), "the old one, which has its volume", "Recreate", true},
		"disk of one pod, Recreate": {simtest.Replicas(1, simtest.Workload("Deployment", "a", "strategy: {type: Recreate}", mount)) + ofClass("ReadWriteOnce", "ebs.csi.aws.com", "WaitForFirstConsumer"), "", "", true},
		"created before its pod":    {one + ofClass("ReadWriteOnce", "ebs.csi.aws.com", "Immediate"), "in any zone before", "WaitForFirstConsumer", false},
		"claim not in the input":    {three, "usable on one node at a time", "ReadWriteMany", false},
		"directory of each node":    {one + simtest.Claim("d", "ReadWriteMany", "volumeName: v") + simtest.Volume("v", "c", "hostPath: {path: /d}"), "another directory on each node", "node affinity", false},
		"allowed in one zone":       {own + allowed("topology.gke.io/zone", "zone-1"), "on some nodes only", "allow every topology", false},
		"allowed in all zones":      {own + allowed("topology.gke.io/zone", "zone-1, zone-2, zone-3"), "", "", true},
		"allowed by another label":  {own + allowed("example.org/rack", "a, b, c"), "on some nodes only", "allow every topology", false},
		"own volumes": {simtest.Workload("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]", ""),
			"", "", true},
	} {
		g := Of(c, verifytest.Read(t, "m.yaml", test.text))[0]
		if !strings.Contains(g.Rollout.Why, test.rollout) || !strings.Contains(g.Rollout.Fix, test.fix) || g.Rollout.Completes != (test.rollout == "") || g.SteadyState.Completes != test.replaced {
			t.Errorf("%s: rollout %+v, steady state %+v", name, g.Rollout, g.SteadyState)
		}
	}
}

// TestNoPods: a workload without pods needs no proof, whatever its budget.
func TestNoPods(t *testing.T) {
	c, err := cluster.Uniform(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	g := Of(c, verifytest.Read(t, "m.yaml", simtest.Replicas(0, simtest.Workload("Deployment", "a", "", ""))+simtest.Budget("a", "maxUnavailable: 1")))[0]
	for _, p := range append([]Proof{g.SteadyState, g.Drain, g.Rollout}, g.Failures...) {
		if !p.Serves || !p.Completes || p.Fix != "" {
			t.Errorf("%+v", p)
		}
	}
}
