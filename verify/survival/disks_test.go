package survival

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// claimOf is a claim that stands by itself, of a class that nobody describes.
func claimOf(name, mode string) string {
	return strings.NewReplacer("NAME", name, "MODE", mode).Replace(`
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: NAME}, spec: {accessModes: [MODE], resources: {requests: {storage: 1Gi}}}}
`)
}

// TestDisks: a disk stays where it was made, in a zone or on a node, and so does its pod.
func TestDisks(t *testing.T) {
	class := func(mode, provisioner string, allowed ...string) string {
		return "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c}, volumeBindingMode: " + mode + ", provisioner: " + provisioner + ", allowedTopologies: [" + strings.Join(allowed, ", ") + "]}\n"
	}
	in := func(key string, values ...string) string {
		return "{matchLabelExpressions: [{key: " + key + ", values: [" + strings.Join(values, ", ") + "]}]}"
	}
	const own = "volumeClaimTemplates: [{metadata: {name: d}, spec: {storageClassName: c, accessModes: [ReadWriteOnce]}}]"
	shared := make3("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]")
	for name, c := range map[string]struct {
		text  string
		zones int // in which its pods are
		after int // when the first node is drained
	}{
		"no disk":                               {make3("StatefulSet", "a", "", ""), 3, 3},
		"a class of which nobody says anything": {make3("StatefulSet", "a", own, ""), 3, 2},
		"where its first pod is":                {make3("StatefulSet", "a", own, "") + class("WaitForFirstConsumer", "ebs.csi.aws.com"), 3, 2},
		"before there is a pod":                 {make3("StatefulSet", "a", own, "") + class("Immediate", "ebs.csi.aws.com"), 1, 0},
		"on a node":                             {make3("StatefulSet", "a", own, "") + class("WaitForFirstConsumer", "kubernetes.io/no-provisioner"), 3, 2},
		"in some zones only":                    {make3("StatefulSet", "a", own, "") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-2", "zone-3")), 2, 3},
		"one topology or another":               {make3("StatefulSet", "a", own, "") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-2"), in(cluster.HostLabel, "node-3")), 2, 3},
		"before there is a pod, in some zones":  {make3("StatefulSet", "a", own, "") + class("Immediate", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-3", "zone-2")), 1, 3},
		"a label that no node has":              {make3("StatefulSet", "a", own, "") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in("topology.ebs.csi.aws.com/zone", "zone-2")), 3, 2},
		"in no zone that there is":              {make3("StatefulSet", "a", own, "") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-9")), 1, 0},
		"before there is a pod, in none":        {make3("StatefulSet", "a", own, "") + class("Immediate", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-9")), 1, 0},
		"beside what the pod asks for":          {make3("StatefulSet", "a", own, "nodeSelector: {kubernetes.io/hostname: node-2}") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-1", "zone-2")), 1, 3},
		"shared by all pods":                    {shared, 1, 0},
	} {
		nodes, err := cluster.Uniform(3, 3)
		if err != nil {
			t.Fatal(err)
		}
		r, err := simulate(t.Context(), nodes, system(t, c.text), false)
		if err != nil {
			t.Fatal(err)
		}
		zones := map[string]bool{}
		for _, p := range r.SteadyState {
			zones[p.Node] = true
		}
		if o := scenario(t, r, DrainNode, "node-1").Outcomes[0]; len(zones) != c.zones || o.After != c.after {
			t.Errorf("%s: in %v, %d after a drain: want %d zones, %d pods: %v", name, zones, o.After, c.zones, c.after, o.Pending)
		}
	}
}

// TestAttach: a disk that only one node can have is waited for on others.
func TestAttach(t *testing.T) {
	const recreate = "strategy: {type: Recreate}"
	one := func(extra string) string {
		text := make3("Deployment", "a", extra, "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]")
		return strings.Replace(text, "replicas: 3", "replicas: 1", 1)
	}
	three := strings.Replace(one(""), "replicas: 1", "replicas: 3", 1)
	once := claimOf("d", "ReadWriteOnce")
	ofClass := func(name string) string {
		return strings.Replace(once, "spec: {", "spec: {storageClassName: "+name+", ", 1)
	}
	const nfs = `
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: nfs}, provisioner: nfs.csi.k8s.io, volumeBindingMode: WaitForFirstConsumer}
---
{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: nfs.csi.k8s.io}, spec: {attachRequired: false}}
`
	for name, c := range map[string]struct {
		text     string
		event    Event
		target   string
		stuck    string // a part of it, "" if it ends
		recovery time.Duration
		after    int
		waits    string // a part of it, "" if nobody does
	}{
		"on a lost node it stays": {one("") + once, LoseNode, "node-1", "", -1, 0,
			"pod a-1-1 waits for claim d, which pod a-1-0 has on node-1, which is lost: until the node is back or somebody taints it node.kubernetes.io/out-of-service, or 6 minutes after"},
		"a drained node lets it go when the pod is gone": {one("") + once, DrainNode, "node-1", "", 31 * time.Second, 1, ""},
		"a rollout that surges never ends":               {one("") + once, Rollout, "Deployment a", "pod a-2-1 waits for claim d, which pod a-1-0 on node-1 has", 0, 1, "pod a-2-1 waits"},
		"one that does not ends":                         {one(recreate) + once, Rollout, "Deployment a", "", 31 * time.Second, 1, ""},
		"several nodes may have it":                      {one("") + claimOf("d", "ReadWriteMany"), LoseNode, "node-1", "", 351 * time.Second, 1, ""},
		"nothing is attached":                            {one("") + ofClass("nfs") + nfs, LoseNode, "node-1", "", 351 * time.Second, 1, ""},
		"it is bound by hand":                            {one("") + ofClass(`""`), LoseNode, "node-1", "", 351 * time.Second, 1, ""},
		"nothing is known of the claim":                  {one(""), LoseNode, "node-1", "", 351 * time.Second, 1, ""},
		"of three pods on three nodes one has it":        {three + once, SteadyState, "", "", -2, 1, "pod a-1-1 and 1 more wait for claim d, which pod a-1-0 on node-1 has"},
		"and when its node is drained, the next":         {three + once, DrainNode, "node-1", "", -2, 2, "pod a-1-2 waits for claim d, which pod a-1-1 on node-2 has"},
		"only one pod may have it, wherever":             {strings.Replace(three, "volumes", "nodeSelector: {kubernetes.io/hostname: node-1}\n      volumes", 1) + claimOf("d", "ReadWriteOncePod"), SteadyState, "", "", -2, 1, "pod a-1-1 and 1 more wait"},
		"many pods of its node may":                      {strings.Replace(three, "volumes", "nodeSelector: {kubernetes.io/hostname: node-1}\n      volumes", 1) + once, SteadyState, "", "", 0, 3, ""},
	} {
		nodes, err := cluster.Uniform(3, 0)
		if err != nil {
			t.Fatal(err)
		}
		r, err := simulate(t.Context(), nodes, system(t, c.text), false)
		if err != nil {
			t.Fatal(err)
		}
		s := scenario(t, r, c.event, c.target)
		o := s.Outcomes[0]
		if o.After != c.after || c.recovery > -2 && o.Recovery != c.recovery {
			t.Errorf("%s: %d pods after %s, not %d after %s: %v", name, o.After, o.Recovery, c.after, c.recovery, s.Changes)
		}
		if said := strings.Join(o.Pending, "; "); !strings.Contains(said, c.waits) || (said == "") != (c.waits == "") {
			t.Errorf("%s: %q does not say %q", name, said, c.waits)
		}
		if !strings.Contains(s.Blocked, c.stuck) || (s.Blocked == "") != (c.stuck == "") {
			t.Errorf("%s: it is stuck for %q, not for %q", name, s.Blocked, c.stuck)
		}
	}
}

// TestDisksAreNoAffinity: five voters with a disk each, in three zones, come back to their zones when they roll. For a hard spread the
// other zones are domains, though the disk is in one.
func TestDisksAreNoAffinity(t *testing.T) {
	c, err := cluster.Uniform(5, 3)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Simulate(t.Context(), c, golden(t, "five-servers"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scenarios {
		if s.Blocked != "" && (s.Event == Rollout || s.Event == DrainNode) {
			t.Errorf("%s %s: %s", s.Event, s.Target, s.Blocked)
		}
	}
}
