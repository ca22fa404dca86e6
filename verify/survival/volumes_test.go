package survival

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestVolumeTopology: a volume is pinned to a zone or a node, and so are its pods.
func TestVolumeTopology(t *testing.T) {
	class := func(mode, provisioner string, allowed ...string) string {
		return "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c}, volumeBindingMode: " + mode + ", provisioner: " + provisioner + ", allowedTopologies: [" + strings.Join(allowed, ", ") + "]}\n"
	}
	in := func(key string, values ...string) string {
		return "{matchLabelExpressions: [{key: " + key + ", values: [" + strings.Join(values, ", ") + "]}]}"
	}
	const template = "volumeClaimTemplates: [{metadata: {name: d}, spec: {storageClassName: c, accessModes: [ReadWriteOnce]}}]"
	own := func(pod string) string { return simtest.Workload("StatefulSet", "a", template, pod) }
	const mount = "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"
	shared := func(class string, extra ...string) string {
		return simtest.Workload("Deployment", "a", "", mount) + simtest.Claim("d", "ReadWriteMany", append(extra, "storageClassName: "+class)...)
	}
	local := func(name, node string) string {
		return simtest.Volume(name, "c", "local: {path: /d}", simtest.OnNodes(cluster.HostLabel, node))
	}
	const share = "csi: {driver: nfs.csi.k8s.io, volumeHandle: d}"
	for name, c := range map[string]struct {
		text  string
		zones int // number of zones with pods
		after int // Ready pods after the drain of node-1
	}{
		"no volume":                               {simtest.Workload("StatefulSet", "a", "", ""), 3, 3},
		"unknown StorageClass":                    {own(""), 3, 2},
		"WaitForFirstConsumer":                    {own("") + class("WaitForFirstConsumer", "ebs.csi.aws.com"), 3, 2},
		"Immediate":                               {own("") + class("Immediate", "ebs.csi.aws.com"), 1, 0},
		"local volume":                            {own("") + class("WaitForFirstConsumer", "kubernetes.io/no-provisioner"), 3, 2},
		"two allowed zones":                       {own("") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-2", "zone-3")), 2, 3},
		"two allowed topologies":                  {own("") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-2"), in(cluster.HostLabel, "node-3")), 2, 3},
		"Immediate, two allowed zones":            {own("") + class("Immediate", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-3", "zone-2")), 1, 3},
		"topology label of the driver":            {own("") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in("topology.ebs.csi.aws.com/zone", "zone-2")), 1, 3},
		"topology label of a driver, Immediate":   {own("") + class("Immediate", "pd.csi.storage.gke.io", in("topology.gke.io/zone", "zone-2")), 1, 3},
		"two zones of another cluster":            {own("") + class("WaitForFirstConsumer", "pd.csi.storage.gke.io", in("topology.gke.io/zone", "eu-1b", "eu-1c")), 2, 1},
		"topology label that no node has":         {own("") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in("example.org/rack", "rack-2")), 3, 2},
		"allowed zone without nodes":              {own("") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-9")), 1, 0},
		"Immediate, allowed zone without nodes":   {own("") + class("Immediate", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-9")), 1, 0},
		"node selector besides allowed zones":     {own("nodeSelector: {kubernetes.io/hostname: node-2}") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-1", "zone-2")), 1, 3},
		"file system, Immediate":                  {shared("c") + class("Immediate", "nfs.csi.k8s.io"), 3, 3},
		"file system, bound":                      {shared("c", "volumeName: v") + class("Immediate", "nfs.csi.k8s.io") + simtest.Volume("v", "c", share), 3, 3},
		"unknown driver, Immediate":               {shared("c") + class("Immediate", "example.org/files"), 1, 0},
		"bound in one zone":                       {shared("c", "volumeName: v") + simtest.Volume("v", "c", share, simtest.OnNodes(cluster.ZoneLabel, "zone-3")), 1, 3},
		"bound in a zone of another cluster":      {shared("c", "volumeName: v") + simtest.Volume("v", "c", share, simtest.OnNodes(cluster.ZoneLabel, "eu-1a")), 1, 0},
		"bound on a node of another cluster":      {shared("c", "volumeName: v") + simtest.Volume("v", "c", share, simtest.OnNodes("topology.topolvm.io/node", "worker")), 1, 0},
		"directory of each node":                  {shared("c", "volumeName: v") + simtest.Volume("v", "c", "hostPath: {path: /d}"), 3, 3},
		"directory of one node":                   {shared("c", "volumeName: v") + simtest.Volume("v", "c", "hostPath: {path: /d}", simtest.OnNodes(cluster.HostLabel, "node-2")), 1, 3},
		"volume of another claim":                 {shared("c", "volumeName: v") + simtest.Volume("v", "c", share, "claimRef: {namespace: default, name: e}"), 1, 0},
		"local disks of three nodes":              {own("") + class("WaitForFirstConsumer", "kubernetes.io/no-provisioner") + local("v1", "node-1") + local("v2", "node-2") + local("v3", "node-3"), 3, 2},
		"local disks of two nodes":                {own("") + class("WaitForFirstConsumer", "kubernetes.io/no-provisioner") + local("v2", "node-2") + local("v3", "node-3"), 3, 2},
		"local disks of one node":                 {own("") + class("WaitForFirstConsumer", "kubernetes.io/no-provisioner") + local("v1", "node-3") + local("v2", "node-3") + local("v3", "node-3"), 1, 3},
		"volumes by hand, Immediate":              {own("") + local("v1", "node-3") + local("v2", "node-3") + local("v3", "node-3"), 1, 3},
		"some volumes by hand, others created":    {own("nodeSelector: {topology.kubernetes.io/zone: zone-3}") + class("WaitForFirstConsumer", "ebs.csi.aws.com", in(cluster.ZoneLabel, "zone-2")) + local("v1", "node-3"), 2, 1},
		"disk in two zones":                       {simtest.Replicas(1, own("nodeSelector: {kubernetes.io/os: linux}")) + strings.Replace(class("WaitForFirstConsumer", "pd.csi.storage.gke.io"), "metadata", "parameters: {replication-type: regional-pd}, metadata", 1), 1, 1},
		"ephemeral volumes, Immediate":            {simtest.Workload("Deployment", "a", "", "volumes: [{name: d, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: c, accessModes: [ReadWriteOnce]}}}}]") + class("Immediate", "ebs.csi.aws.com"), 1, 0},
		"ephemeral volumes":                       {simtest.Workload("Deployment", "a", "", "volumes: [{name: d, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: c, accessModes: [ReadWriteOnce]}}}}]") + class("WaitForFirstConsumer", "ebs.csi.aws.com"), 3, 3},
		"a template replaces a shared volume":     {own(mount) + class("WaitForFirstConsumer", "ebs.csi.aws.com") + simtest.Claim("d", "ReadWriteOnce", "storageClassName: c"), 3, 2},
		"one claim of unknown class for all pods": {simtest.Workload("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := SimulateWith(t.Context(), uniform(t, 3, 3), verifytest.Read(t, "m.yaml", c.text), Options{everyTarget: true})
			if err != nil {
				t.Fatal(err)
			}
			zones := map[string]bool{}
			for _, p := range r.SteadyState {
				zones[p.Node] = true
			}
			if o := scenario(t, r, DrainNode, "node-1").Outcomes[0]; len(zones) != c.zones || o.After != c.after {
				t.Errorf("pods in %v, %d Ready after the drain; want %d zones, %d Ready: %v", zones, o.After, c.zones, c.after, o.Pending)
			}
		})
	}
}

// TestTopologyLabels: on nodes that are described, an allowed topology with a label that no node has allows no node.
func TestTopologyLabels(t *testing.T) {
	for key, pods := range map[string]int{cluster.ZoneLabel: 3, "topology.ebs.csi.aws.com/zone": 0, "example.org/rack": 0} {
		c := uniform(t, 3, 3)
		c.Described = true
		text := simtest.Workload("StatefulSet", "a", "podManagementPolicy: Parallel\n  volumeClaimTemplates: [{metadata: {name: d}, spec: {storageClassName: c, accessModes: [ReadWriteOnce]}}]", "") +
			simtest.Class("c", "ebs.csi.aws.com", "WaitForFirstConsumer", "allowedTopologies: [{matchLabelExpressions: [{key: "+key+", values: [zone-1]}]}]")
		r, err := Simulate(t.Context(), c, verifytest.Read(t, "m.yaml", text))
		if err != nil {
			t.Fatal(err)
		}
		if o := r.Scenarios[0].Outcomes[0]; o.After != pods {
			t.Errorf("%s: %d pods are Ready, want %d: %v", key, o.After, pods, o.Pending)
		}
	}
}

// TestAttachment: pods wait for a volume that is attached to another node.
func TestAttachment(t *testing.T) {
	const volumes = "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"
	three := simtest.Workload("Deployment", "a", "", volumes)
	one := simtest.Replicas(1, three)
	onOneNode := strings.Replace(three, "volumes", "nodeSelector: {kubernetes.io/hostname: node-1}\n      volumes", 1)
	rwo := simtest.Claim("d", "ReadWriteOnce")
	ofClass := func(name string) string {
		return strings.Replace(rwo, "spec: {", "spec: {storageClassName: "+name+", ", 1)
	}
	const nfs = `
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: nfs}, provisioner: nfs.csi.k8s.io, volumeBindingMode: WaitForFirstConsumer}
---
{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: nfs.csi.k8s.io}, spec: {attachRequired: false}}
`
	const anyRecovery = -2
	for name, c := range map[string]struct {
		text     string
		event    Event
		target   string
		blocked  string // a part of the sentence, "" if the event ends
		recovery time.Duration
		after    int
		pending  string // a part of the sentence, "" without Pending pods
	}{
		"it stays attached to a failed node": {one + rwo, LoseNode, "node-1", "", -1, 0,
			"pod a-1-1 waits for claim d, in use by pod a-1-0 on failed node node-1: until the node is back or has the taint node.kubernetes.io/out-of-service, or 6 minutes after"},
		"it is detached from a drained node when its pod is gone": {one + rwo, DrainNode, "node-1", "", 31 * time.Second, 1, ""},
		"a rollout with surge is blocked":                         {one + rwo, Rollout, "Deployment a", "pod a-2-1 waits for claim d, in use by pod a-1-0 on node-1", 0, 1, "pod a-2-1 waits"},
		"a rollout with Recreate ends":                            {simtest.Replicas(1, simtest.Workload("Deployment", "a", "strategy: {type: Recreate}", volumes)) + rwo, Rollout, "Deployment a", "", 31 * time.Second, 1, ""},
		"ReadWriteOncePod without attachment":                     {three + simtest.Claim("d", "ReadWriteOncePod", "storageClassName: nfs") + nfs, SteadyState, "", "", anyRecovery, 1, "pod a-1-1 and 1 more fit on no node: 3 node has pod using PersistentVolumeClaim"},
		"PersistentVolume for many nodes":                         {three + simtest.Claim("d", "ReadWriteOnce", "storageClassName: c, volumeName: v") + strings.Replace(simtest.Volume("v", "c", "csi: {driver: example.org/disk, volumeHandle: d}"), "[ReadWriteOnce]", "[ReadWriteOnce, ReadOnlyMany]", 1), SteadyState, "", "", 0, 3, ""},
		"disk of a pod":                                           {strings.Replace(three, "persistentVolumeClaim: {claimName: d}", "awsElasticBlockStore: {volumeID: d}", 1), SteadyState, "", "", anyRecovery, 1, "pod a-1-1 and 1 more wait for awsElasticBlockStore/d"},
		"ReadWriteMany":                                           {one + simtest.Claim("d", "ReadWriteMany"), LoseNode, "node-1", "", 351 * time.Second, 1, ""},
		"CSI driver without attachment":                           {one + ofClass("nfs") + nfs, LoseNode, "node-1", "", 351 * time.Second, 1, ""},
		"volume bound by hand":                                    {one + ofClass(`""`), LoseNode, "node-1", "", -1, 0, "pod a-1-1 waits for claim d"},
		"claim not in the input":                                  {one, LoseNode, "node-1", "", -1, 0, "pod a-1-1 waits for claim d"},
		"three pods on three nodes":                               {three + rwo, SteadyState, "", "", anyRecovery, 1, "pod a-1-1 and 1 more wait for claim d, in use by pod a-1-0 on node-1"},
		"the next pod gets it after a drain":                      {three + rwo, DrainNode, "node-1", "", anyRecovery, 2, "pod a-1-2 waits for claim d, in use by pod a-1-1 on node-2"},
		"ReadWriteOncePod, three pods on one node":                {onOneNode + simtest.Claim("d", "ReadWriteOncePod"), SteadyState, "", "", anyRecovery, 1, "pod a-1-1 and 1 more fit on no node: 1 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"},
		"ReadWriteOnce, three pods on one node":                   {onOneNode + rwo, SteadyState, "", "", 0, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := SimulateWith(t.Context(), uniform(t, 3, 0), verifytest.Read(t, "m.yaml", c.text), Options{everyTarget: true})
			if err != nil {
				t.Fatal(err)
			}
			s := scenario(t, r, c.event, c.target)
			o := s.Outcomes[0]
			if o.After != c.after || c.recovery != anyRecovery && o.Recovery != c.recovery {
				t.Errorf("%d pods Ready after %s, want %d after %s: %v", o.After, o.Recovery, c.after, c.recovery, s.Changes)
			}
			if got := strings.Join(o.Pending, "; "); !strings.Contains(got, c.pending) || (got == "") != (c.pending == "") {
				t.Errorf("pending: got %q, want %q", got, c.pending)
			}
			if !strings.Contains(s.Blocked, c.blocked) || (s.Blocked == "") != (c.blocked == "") {
				t.Errorf("blocked: got %q, want %q", s.Blocked, c.blocked)
			}
		})
	}
}

// TestVolumesAreNotAffinity: five quorum members with volumes in three zones return to their zones in rollouts and
// drains. A hard spread still counts the zones in which the volume of a pod is not usable.
func TestVolumesAreNotAffinity(t *testing.T) {
	r, err := Simulate(t.Context(), uniform(t, 5, 3), golden(t, "five-servers"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scenarios {
		if s.Blocked != "" && (s.Event == Rollout || s.Event == DrainNode) {
			t.Errorf("%s %s: %s", s.Event, s.Target, s.Blocked)
		}
	}
}

// TestRefusedClaims: claims for which a provisioner creates no volume stay Pending, and with them their pods.
func TestRefusedClaims(t *testing.T) {
	const localPath, openEBS = "rancher.io/local-path", "openebs.io/local"
	own := func(mode string) string {
		return simtest.Workload("StatefulSet", "a", "podManagementPolicy: Parallel\n  volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: ["+mode+"], storageClassName: c}}]", "")
	}
	bound := simtest.Workload("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]") +
		simtest.Claim("d", "ReadWriteMany", "storageClassName: c, volumeName: v")
	volume := strings.ReplaceAll(simtest.Volume("v", "c", "nfs: {server: a, path: /}"), "ReadWriteOnce", "ReadWriteMany")
	for name, c := range map[string]struct {
		text    string
		ready   int
		refused string // a part of the sentence, "" if the provisioner creates the volumes
	}{
		"WaitForFirstConsumer":           {own("ReadWriteOnce") + simtest.Class("c", localPath, "WaitForFirstConsumer"), 3, ""},
		"Immediate":                      {own("ReadWriteOnce") + simtest.Class("c", localPath, "Immediate"), 0, "StorageClass c stay Pending: its provisioner rancher.io/local-path creates no volume before the pod has a node, unless its configuration has sharedFileSystemPath."},
		"Immediate, OpenEBS":             {own("ReadWriteOnce") + simtest.Class("c", openEBS, "Immediate"), 0, "openebs.io/local creates no volume before the pod has a node. Set"},
		"Immediate, another driver":      {own("ReadWriteOnce") + simtest.Class("c", "microk8s.io/hostpath", "Immediate"), 3, ""},
		"one pod":                        {own("ReadWriteOncePod") + simtest.Class("c", localPath, "WaitForFirstConsumer"), 3, ""},
		"one pod, OpenEBS":               {own("ReadWriteOncePod") + simtest.Class("c", openEBS, "WaitForFirstConsumer"), 0, "creates no volume with access mode ReadWriteOncePod."},
		"several nodes":                  {own("ReadWriteMany") + simtest.Class("c", localPath, "WaitForFirstConsumer"), 0, "creates no volume with access mode ReadWriteMany, unless"},
		"a volume of the input":          {strings.Replace(bound, ", volumeName: v", "", 1) + simtest.Class("c", localPath, "Immediate") + volume, 3, "before the pod has a node"},
		"bound":                          {bound + simtest.Class("c", localPath, "Immediate") + volume, 3, ""},
		"bound, volume not in the input": {bound + simtest.Class("c", localPath, "WaitForFirstConsumer"), 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := verifytest.Read(t, "m.yaml", c.text)
			r, err := Simulate(t.Context(), uniform(t, 3, 0), s)
			if err != nil {
				t.Fatal(err)
			}
			if o := first(t, r, SteadyState).Outcomes[0]; o.After != c.ready {
				t.Errorf("%d pods are Ready, want %d: %v", o.After, c.ready, o.Pending)
			}
			all := strings.Join(Assumptions(uniform(t, 3, 0), s), "\n")
			if strings.Contains(all, "stay Pending") != (c.refused != "") || !strings.Contains(all, c.refused) {
				t.Errorf("assumed:\n%s\nwant %q", all, c.refused)
			}
		})
	}
}

// TestStorageLimits: limits of storage that are not simulated are named if the input has them and the pods may exceed them.
func TestStorageLimits(t *testing.T) {
	const driver = "ebs.csi.aws.com"
	own := simtest.Workload("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], storageClassName: c}}]", "") + simtest.Class("c", driver, "WaitForFirstConsumer")
	shared := simtest.Workload("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]") + simtest.Claim("d", "ReadWriteMany", "storageClassName: c") + simtest.Class("c", driver, "WaitForFirstConsumer")
	csiDriver := func(name, spec string) string {
		return "\n---\n{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: " + name + "}, spec: {" + spec + "}}"
	}
	capacity := func(class string) string {
		return "\n---\n{apiVersion: storage.k8s.io/v1, kind: CSIStorageCapacity, metadata: {name: a}, storageClassName: " + class + ", capacity: 1Gi}"
	}
	csiNode := func(name, count string) string {
		return "\n---\n{apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {name: " + name + "}, spec: {drivers: [{name: " + driver + ", nodeID: " + name + ", allocatable: {count: " + count + "}}]}}"
	}
	const full, many = "StorageClass c: the capacity of its storage is not simulated", "some node attaches at most 2 volumes of ebs.csi.aws.com, and the pods have 3."
	for name, c := range map[string]struct{ text, want string }{
		"no limits":                    {own, ""},
		"capacity of the driver":       {own + csiDriver(driver, "storageCapacity: true"), full},
		"no capacity of the driver":    {own + csiDriver(driver, "storageCapacity: false"), ""},
		"capacity of another driver":   {own + csiDriver("example.org/disk", "storageCapacity: true"), ""},
		"capacity of the class":        {own + capacity("c"), full},
		"capacity of another class":    {own + capacity("other"), ""},
		"few volumes per node":         {own + csiNode("node-1", "9") + csiNode("node-2", "2"), many},
		"enough volumes per node":      {own + csiNode("node-1", "9") + csiNode("node-2", "3"), ""},
		"a volume for all of the pods": {shared + csiNode("node-1", "1"), ""},
	} {
		got := strings.Join(Assumptions(uniform(t, 3, 3), verifytest.Read(t, "m.yaml", c.text)), "\n")
		if named := strings.Contains(got, "capacity") || strings.Contains(got, "volumes per node"); named != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: assumed:\n%s\nwant %q", name, got, c.want)
		}
	}
}
