package checks

import "testing"

func TestStorageClasses(t *testing.T) {
	const fine = `
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: disk, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer, allowVolumeExpansion: true}
---
`
	test(t, storageClasses, []example{
		{"fine", three + fine, nil},
		{"none", three, []string{"warn no default StorageClass"}},
		{"two defaults", three + fine + `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: other, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: nfs.csi.k8s.io, allowVolumeExpansion: true}`,
			[]string{"warn 2 default StorageClasses (disk, other)"}},
		{"zonal volumes before pods", three + fine + `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: old}, provisioner: ebs.csi.aws.com}`,
			[]string{"warn StorageClass old: volumeBindingMode is Immediate"}},
		{"volumes of a network before pods", three + fine + `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: nfs}, provisioner: nfs.csi.k8s.io, volumeBindingMode: Immediate}`, nil},
		{"cannot grow", three + `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: nfs, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: nfs.csi.k8s.io}`,
			[]string{"warn StorageClass nfs: allowVolumeExpansion is not true"}},
		{"excludes zones", three + fine + `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: two}, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer, allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [za, zb]}]}]}`,
			[]string{"warn StorageClass two: allowedTopologies exclude the zones zc"}},
		{"matches no node", three + fine + `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: far}, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer, allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [zz]}]}]}`,
			[]string{"warn StorageClass far: allowedTopologies match no node"}},
	})
}

func TestVolumes(t *testing.T) {
	volume := func(name, claim, zone string) string {
		return `{apiVersion: v1, kind: PersistentVolume, metadata: {name: ` + name + `}, spec: {claimRef: {namespace: x, name: ` + claim + `}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [` + zone + `]}]}]}}}, status: {phase: Bound}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: ` + claim + `, namespace: x}, spec: {volumeName: ` + name + `}, status: {phase: Bound}}
---
`
	}
	const set = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: x}, spec: {replicas: 2, volumeClaimTemplates: [{metadata: {name: data}}]}}
---
`
	test(t, volumes, []example{
		{"fine", three + set + volume("v0", "data-db-0", "za") + volume("v1", "data-db-1", "zb"), nil},
		{"one zone", three + set + volume("v0", "data-db-0", "za") + volume("v1", "data-db-1", "za"), []string{"warn StatefulSet x/db: all 2 volumes of its template data are usable in zone za only"}},
		{"one is not bound yet", three + set + volume("v0", "data-db-0", "za"), nil},
		{"zone without nodes", three + volume("v0", "lonely", "zz"), []string{"fail PersistentVolume v0: is usable on no node: a new pod with claim x/lonely stays Pending"}},
		{"cordoned zone", three + volume("v0", "one", "zd") + `{apiVersion: v1, kind: Node, metadata: {name: d, labels: {topology.kubernetes.io/zone: zd}}, spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: "True"}]}}`,
			[]string{"fail PersistentVolume v0: is usable only on nodes that are not Ready or cordoned (d)"}},
		{"lost", three + `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: gone, namespace: x}, spec: {volumeName: v9}, status: {phase: Lost}}`,
			[]string{"fail PersistentVolumeClaim x/gone: is Lost: its PersistentVolume v9 does not exist"}},
		{"available volumes do not count", three + `{apiVersion: v1, kind: PersistentVolume, metadata: {name: free}, spec: {nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}, status: {phase: Available}}`, nil},
	})
}
