package storage_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// oneClaim is a Deployment that mounts the claim d.
var oneClaim = simtest.Workload("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]")

// mount returns the only persistent volume of the pods of the first workload.
func mount(t *testing.T, text string) storage.Mount {
	t.Helper()
	s := verifytest.Read(t, "m.yaml", text)
	w := s.Workloads[0]
	all := s.Storage.Mounts(w.Pod(0, 1), w.Claims)
	if len(all) != 1 {
		t.Fatalf("%d persistent volumes, want 1", len(all))
	}
	return all[0]
}

// TestReach: where a volume is usable and by whom, for each kind of driver and object.
func TestReach(t *testing.T) {
	ofClass := func(provisioner string, extra ...string) string {
		return oneClaim + simtest.Claim("d", "ReadWriteOnce", "storageClassName: c") + simtest.Class("c", provisioner, "WaitForFirstConsumer", extra...)
	}
	csiNode := func(driver, keys string) string {
		return "\n---\n{apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {name: node-1}, spec: {drivers: [{name: " + driver + ", nodeID: a, topologyKeys: [" + keys + "]}]}}"
	}
	const attachless = "\n---\n{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: example.org/disk}, spec: {attachRequired: false}}"
	bound := func(spec ...string) string {
		return oneClaim + simtest.Claim("d", "ReadWriteOnce", "storageClassName: c, volumeName: v") + simtest.Volume("v", "c", spec...)
	}
	const csi = "csi: {driver: example.org/disk, volumeHandle: a}"
	for name, c := range map[string]struct{ text, want string }{
		"zonal disk":                          {ofClass("ebs.csi.aws.com"), "zone single"},
		"disk of a region":                    {ofClass("csi.hetzner.cloud"), "region single"},
		"local disk":                          {ofClass("rancher.io/local-path"), "node"},
		"file system":                         {ofClass("nfs.csi.k8s.io"), "anywhere"},
		"block device of a cluster":           {ofClass("rook-ceph.rbd.csi.ceph.com"), "anywhere single"},
		"block device by zones":               {ofClass("rook-ceph.rbd.csi.ceph.com", "parameters: {topologyConstrainedPools: pools}"), "zone single"},
		"disk in two zones":                   {ofClass("pd.csi.storage.gke.io", "parameters: {replication-type: regional-pd}"), "zone of 2 single"},
		"disk in all zones":                   {ofClass("disk.csi.azure.com", "parameters: {skuName: Premium_ZRS}"), "anywhere single"},
		"file system that stays on its node":  {ofClass("driver.longhorn.io", "parameters: {dataLocality: strict-local}"), "node single"},
		"unknown driver":                      {ofClass("example.org/disk"), "zone single, assumed: StorageClass c: its provisioner example.org/disk is unknown. Its volumes are assumed to be usable in one zone only."},
		"unknown driver without attachment":   {ofClass("example.org/disk") + attachless, "zone, assumed: StorageClass c: its provisioner example.org/disk is unknown. Its volumes are assumed to be usable in one zone only."},
		"unknown driver with a CSINode":       {ofClass("example.org/disk") + csiNode("example.org/disk", "example.org/rack"), "zone by example.org/rack single"},
		"driver that reports no topology":     {ofClass("csi.vsphere.vmware.com") + csiNode("csi.vsphere.vmware.com", ""), "anywhere single"},
		"class that is not in the input":      {oneClaim + simtest.Claim("d", "ReadWriteMany", "storageClassName: c"), "zone, assumed: StorageClass c is not in the input. Its volumes are assumed to be usable in one zone only."},
		"no default class":                    {oneClaim + simtest.Claim("d", "ReadWriteOnce"), "zone single, assumed: The default StorageClass is not in the input. Its volumes are assumed to be usable in one zone only."},
		"no class":                            {oneClaim + simtest.Claim("d", "ReadWriteOnce", `storageClassName: ""`), "zone single, assumed: PersistentVolumeClaim d has no class, and its PersistentVolume is not in the input. It is assumed to be usable in one zone only."},
		"claim that is not in the input":      {oneClaim, "zone single, assumed: PersistentVolumeClaim d is not in the input. It is assumed to be ReadWriteOnce, and its volume to be usable in one zone only."},
		"one pod":                             {oneClaim + simtest.Claim("d", "ReadWriteOncePod", "storageClassName: c") + simtest.Class("c", "nfs.csi.k8s.io", "Immediate"), "anywhere single, one pod"},
		"bound volume without affinity":       {bound(csi), "anywhere single"},
		"bound volume with affinity":          {bound(csi, simtest.OnNodes("example.org/rack", "r1")), "anywhere single, 1 selector"},
		"bound volume for many nodes":         {strings.ReplaceAll(bound(csi), "accessModes: [ReadWriteOnce], csi", "accessModes: [ReadWriteMany], csi"), "anywhere"},
		"bound file system":                   {bound("nfs: {server: a, path: /}"), "anywhere"},
		"bound disk without affinity":         {bound("awsElasticBlockStore: {volumeID: a}"), "zone single, assumed: PersistentVolume v has no node affinity. It is assumed to be usable in one zone only."},
		"bound disk with the label of a zone": {strings.Replace(bound("awsElasticBlockStore: {volumeID: a}"), "metadata: {name: v}", "metadata: {name: v, labels: {topology.kubernetes.io/zone: zone-1}}", 1), "anywhere single, 1 selector"},
		"bound directory":                     {bound("hostPath: {path: /a}"), "anywhere, assumed: PersistentVolume v is a directory of the node (hostPath) without a node affinity. Every node has its own: a pod on another node does not find the data."},
		"volume that names the claim":         {oneClaim + simtest.Claim("d", "ReadWriteOnce") + simtest.Volume("v", "c", csi, "claimRef: {namespace: default, name: d}"), "anywhere single"},
		"volume that names another claim":     {bound(csi, "claimRef: {namespace: default, name: e}"), "zone single, assumed: StorageClass c is not in the input. Its volumes are assumed to be usable in one zone only., never bound"},
		"inline disk":                         {simtest.Workload("Deployment", "a", "", "volumes: [{name: d, gcePersistentDisk: {pdName: d}}]"), "zone single, assumed: gcePersistentDisk d is assumed to be in the zone of its first pod."},
		"ephemeral volume": {simtest.Workload("Deployment", "a", "", "volumes: [{name: d, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], storageClassName: c}}}}]") +
			simtest.Class("c", "ebs.csi.aws.com", "WaitForFirstConsumer"), "zone single, temporary"},
	} {
		m := mount(t, c.text)
		got := string(m.Scope)
		add := func(on bool, text string) {
			if on {
				got += text
			}
		}
		add(m.EveryLabel, " by "+strings.Join(m.Labels, ","))
		add(m.Zones > 0, fmt.Sprint(" of ", m.Zones))
		add(m.Single, " single")
		add(m.OnePod, ", one pod")
		add(m.Volume != nil && len(storage.Selectors(m.Volume)) > 0, ", 1 selector")
		add(m.Temporary, ", temporary")
		add(m.Assumed != "", ", assumed: "+m.Assumed)
		add(m.Missing, ", never bound")
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// TestDefaultClass: of several default classes the newest counts, then the first by name.
func TestDefaultClass(t *testing.T) {
	class := func(name, created, annotation string) string {
		return fmt.Sprintf("\n---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: %s, creationTimestamp: %s, annotations: {%s: %q}}, provisioner: nfs.csi.k8s.io}", name, created, annotation, "true")
	}
	const current, beta = "storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"
	const early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
	for name, c := range map[string]struct{ text, want string }{
		"one":                 {class("a", early, current), "a"},
		"the beta annotation": {class("a", early, beta), "a"},
		"the newest":          {class("a", early, current) + class("b", late, current), "b"},
		"equally old":         {class("b", "null", current) + class("a", "null", current), "a"},
		"none":                {class("a", early, "example.org/default"), ""},
	} {
		m := mount(t, oneClaim+simtest.Claim("d", "ReadWriteOnce")+c.text)
		got := ""
		if m.Class != nil {
			got = m.Class.Name
		}
		if got != c.want {
			t.Errorf("%s: got class %q, want %q", name, got, c.want)
		}
	}
	if m := mount(t, oneClaim+simtest.Claim("d", "ReadWriteOnce", `storageClassName: ""`)+class("a", early, current)); m.Class != nil {
		t.Errorf("a claim without a class has the default class %s", m.Class.Name)
	}
}

// TestMatch: a claim binds the smallest PersistentVolume of its class with its access modes and labels that the node can use.
func TestMatch(t *testing.T) {
	const claim = "storageClassName: c"
	volume := func(name, size, spec string) string {
		return strings.Replace(simtest.Volume(name, "c", spec), "1Gi", size, 1)
	}
	const disk = "local: {path: /a}"
	on := func(node string) string { return disk + ", " + simtest.OnNodes(corev1.LabelHostname, node) }
	for name, c := range map[string]struct{ claim, volumes, want string }{
		"the smallest":           {claim, volume("a", "3Gi", disk) + volume("b", "2Gi", disk), "b"},
		"too small":              {claim, volume("a", "500Mi", disk), ""},
		"on another node":        {claim, volume("a", "1Gi", on("node-2")) + volume("b", "2Gi", on("node-1")), "b"},
		"another class":          {"storageClassName: d", volume("a", "1Gi", disk), ""},
		"another mode":           {claim + ", volumeMode: Block", volume("a", "1Gi", disk), ""},
		"another label":          {claim + ", selector: {matchLabels: {a: b}}", volume("a", "1Gi", disk), ""},
		"claimed by another":     {claim, volume("a", "1Gi", disk+", claimRef: {namespace: default, name: e}"), ""},
		"taken":                  {claim, volume("taken", "1Gi", disk) + volume("b", "1Gi", disk), "b"},
		"released":               {claim, volume("a", "1Gi", disk) + strings.Replace(volume("b", "1Gi", disk), "}\n", ", status: {phase: Released}}\n", 1), "a"},
		"without an access mode": {claim, strings.Replace(volume("a", "1Gi", disk), "[ReadWriteOnce]", "[ReadOnlyMany]", 1), ""},
	} {
		s := verifytest.Read(t, "m.yaml", oneClaim+simtest.Claim("d", "ReadWriteOnce", c.claim)+c.volumes)
		m := s.Storage.Mounts(s.Workloads[0].Pod(0, 1), nil)[0]
		node := &corev1.Node{}
		node.Labels = map[string]string{corev1.LabelHostname: "node-1"}
		got := ""
		if pv := s.Storage.Match(m.Claim, node, func(name string) bool { return name == "taken" }); pv != nil {
			got = pv.Name
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestClaimTemplates: a volumeClaimTemplate replaces a volume of the pod template with the same name, and an existing claim of
// the pod's own counts in place of the template.
func TestClaimTemplates(t *testing.T) {
	set := simtest.Workload("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], storageClassName: c}}]", "volumes: [{name: d, persistentVolumeClaim: {claimName: shared}}]")
	if m := mount(t, set); m.Name != "d-a-0" || m.Unknown || !m.Single {
		t.Errorf("claim %s, unknown %t, single %t", m.Name, m.Unknown, m.Single)
	}
	existing := simtest.Claim("d-a-0", "ReadWriteOnce", "storageClassName: c, volumeName: v") + simtest.Volume("v", "c", "nfs: {server: a, path: /}")
	if m := mount(t, set+existing); m.Volume == nil || m.Single {
		t.Errorf("existing claim: volume %v, single %t", m.Volume, m.Single)
	}
}
