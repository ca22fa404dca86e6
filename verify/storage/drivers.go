package storage

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Scope is the set of nodes on which a volume is usable.
type Scope string

// The scopes of volumes.
const (
	// Anywhere: every node.
	Anywhere Scope = "anywhere"
	// Region, Zone and Node: the nodes of one region, of one zone, or one node.
	Region Scope = "region"
	Zone   Scope = "zone"
	Node   Scope = "node"
)

// labels are the node labels of a scope. The careful choice comes last: clouds whose volumes stay in a region have no zones.
var labels = map[Scope][]string{
	Region: {corev1.LabelTopologyRegion, corev1.LabelTopologyZone},
	Zone:   {corev1.LabelTopologyZone},
	Node:   {corev1.LabelHostname},
}

// driver is a CSI driver, or a provisioner.
type driver struct {
	// name is the name of the driver. A name that starts with "." is the end of names that contain the namespace.
	name  string
	scope Scope
	// key is the node label of the driver's own topology.
	key string
	// source is where the driver reports its topology, or does not.
	source string
	// unattached drivers have attachRequired: false in their CSIDriver, or no CSIDriver.
	unattached bool
	// unpinned volumes are on one node, and their PersistentVolume has no node affinity.
	unpinned bool
	// forNode drivers create a volume only for a claim whose pod has a node, and with modes only for claims with no other access modes.
	forNode bool
	modes   []corev1.PersistentVolumeAccessMode
	// unless is the configuration with which it creates the volume all the same, "" for none.
	unless string
}

// drivers are the known drivers. Those without the capability VOLUME_ACCESSIBILITY_CONSTRAINTS create volumes for every node.
// A driver with it reports a topology for each volume, which becomes the node affinity of the PersistentVolume.
var drivers = []driver{
	// Disks of clouds.
	{name: "ebs.csi.aws.com", scope: Zone, key: "topology.ebs.csi.aws.com/zone", source: "aws-ebs-csi-driver v1.63 pkg/driver/identity.go, constants.go"},
	{name: "ebs.csi.eks.amazonaws.com", scope: Zone, key: "topology.kubernetes.io/zone", source: "docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html"},
	{name: "kubernetes.io/aws-ebs", scope: Zone, key: "topology.ebs.csi.aws.com/zone", source: "k8s.io/csi-translation-lib plugins/aws_ebs.go"},
	{name: "pd.csi.storage.gke.io", scope: Zone, key: "topology.gke.io/zone", source: "gcp-compute-persistent-disk-csi-driver pkg/gce-pd-csi-driver/identity.go"},
	{name: "kubernetes.io/gce-pd", scope: Zone, key: "topology.gke.io/zone", source: "k8s.io/csi-translation-lib plugins/gce_pd.go"},
	{name: "disk.csi.azure.com", scope: Zone, key: "topology.disk.csi.azure.com/zone", source: "azuredisk-csi-driver pkg/azuredisk/identityserver.go"},
	{name: "kubernetes.io/azure-disk", scope: Zone, key: "topology.disk.csi.azure.com/zone", source: "k8s.io/csi-translation-lib plugins/azure_disk.go"},
	{name: "cinder.csi.openstack.org", scope: Zone, key: "topology.cinder.csi.openstack.org/zone", source: "cloud-provider-openstack pkg/csi/cinder/identityserver.go"},
	{name: "kubernetes.io/cinder", scope: Zone, key: "topology.cinder.csi.openstack.org/zone", source: "k8s.io/csi-translation-lib plugins/openstack_cinder.go"},
	{name: "csi.vsphere.vmware.com", scope: Zone, key: "topology.csi.vmware.com/k8s-zone", source: "vsphere-csi-driver pkg/csi/service/identity.go"},
	{name: "kubernetes.io/vsphere-volume", scope: Zone, key: "topology.csi.vmware.com/k8s-zone", source: "k8s.io/csi-translation-lib plugins/vsphere_volume.go"},
	{name: "csi.hetzner.cloud", scope: Region, key: "csi.hetzner.cloud/location", source: "hetznercloud/csi-driver v2.19 internal/driver/driver.go"},
	{name: "dobs.csi.digitalocean.com", scope: Region, key: "region", source: "csi-digitalocean driver/identity.go"},

	// Disks of one node.
	{name: noProvisioner, scope: Node, source: "kubernetes.io/docs/concepts/storage/storage-classes/#local", unattached: true},
	{name: "rancher.io/local-path", scope: Node, source: "local-path-provisioner v0.0.37 provisioner.go", unattached: true,
		forNode: true, modes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadWriteOncePod}, unless: "sharedFileSystemPath"},
	{name: "topolvm.io", scope: Node, key: "topology.topolvm.io/node", source: "topolvm constants.go", unattached: true},
	{name: "topolvm.cybozu.com", scope: Node, key: "topology.topolvm.cybozu.com/node", source: "topolvm constants.go", unattached: true},
	{name: "openebs.io/local", scope: Node, source: "openebs dynamic-localpv-provisioner v4.0 cmd/provisioner-localpv/app/provisioner.go", unattached: true,
		forNode: true, modes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}},
	{name: "local.csi.openebs.io", scope: Node, key: "openebs.io/nodename", source: "openebs lvm-localpv pkg/driver/controller.go", unattached: true},
	{name: "zfs.csi.openebs.io", scope: Node, key: "openebs.io/nodeid", source: "openebs zfs-localpv pkg/driver/controller.go", unattached: true},
	{name: "hostpath.csi.k8s.io", scope: Node, key: "topology.hostpath.csi/node", source: "csi-driver-host-path pkg/hostpath/identityserver.go"},
	{name: "directpv-min-io", scope: Node, key: "directpv.min.io/node", source: "directpv pkg/csi/controller", unattached: true},
	{name: "org.democratic-csi.local-hostpath", scope: Node, key: "org.democratic-csi.topology/node", source: "democratic-csi src/driver/local-hostpath", unattached: true},
	{name: "microk8s.io/hostpath", scope: Node, source: "canonical/hostpath-provisioner hostpath-provisioner.go", unattached: true},
	{name: "k8s.io/minikube-hostpath", scope: Node, source: "minikube pkg/storage/storage_provisioner.go", unattached: true, unpinned: true},
	{name: "docker.io/hostpath", scope: Node, source: "docs.docker.com/desktop/use-desktop/kubernetes", unattached: true, unpinned: true},

	// Networks: file systems, and block devices of replicated storage.
	{name: "nfs.csi.k8s.io", scope: Anywhere, source: "csi-driver-nfs pkg/nfs/identityserver.go", unattached: true},
	{name: "smb.csi.k8s.io", scope: Anywhere, source: "csi-driver-smb pkg/smb/identityserver.go", unattached: true},
	{name: "efs.csi.aws.com", scope: Anywhere, source: "aws-efs-csi-driver pkg/driver/identity.go", unattached: true},
	{name: "file.csi.azure.com", scope: Anywhere, source: "azurefile-csi-driver pkg/azurefile/identityserver.go", unattached: true},
	{name: "kubernetes.io/azure-file", scope: Anywhere, source: "k8s.io/csi-translation-lib plugins/azure_file.go", unattached: true},
	{name: "blob.csi.azure.com", scope: Anywhere, source: "blob-csi-driver pkg/blob/identityserver.go", unattached: true},
	{name: "k8s-sigs.io/nfs-subdir-external-provisioner", scope: Anywhere, source: "nfs-subdir-external-provisioner cmd/nfs-subdir-external-provisioner/provisioner.go", unattached: true},
	{name: "cluster.local/nfs-subdir-external-provisioner", scope: Anywhere, source: "nfs-subdir-external-provisioner charts", unattached: true},
	{name: "fuseim.pri/ifs", scope: Anywhere, source: "nfs-client-provisioner deploy/deployment.yaml", unattached: true},
	{name: ".cephfs.csi.ceph.com", scope: Anywhere, source: "ceph-csi internal/cephfs/identityserver.go: a topology only with domain labels", unattached: true},
	{name: ".rbd.csi.ceph.com", scope: Anywhere, source: "ceph-csi internal/rbd/identityserver.go: a topology only with domain labels"},
	{name: ".nfs.csi.ceph.com", scope: Anywhere, source: "ceph-csi internal/nfs/identity", unattached: true},
	{name: "driver.longhorn.io", scope: Anywhere, source: "longhorn-manager csi/identity_server.go"},
}

// exception is a parameter of a StorageClass that changes the scope of its volumes.
type exception struct {
	driver, parameter string
	// matches reports whether the value is the exception.
	matches func(value string) bool
	scope   Scope
	// zones is the number of zones in which a volume is usable, 0 for one.
	zones int
}

var exceptions = []exception{
	{driver: "pd.csi.storage.gke.io", parameter: "replication-type", matches: is("regional-pd"), scope: Zone, zones: 2},
	{driver: "kubernetes.io/gce-pd", parameter: "replication-type", matches: is("regional-pd"), scope: Zone, zones: 2},
	{driver: "pd.csi.storage.gke.io", parameter: "type", matches: is("hyperdisk-balanced-high-availability"), scope: Zone, zones: 2},
	{driver: "disk.csi.azure.com", parameter: "skuName", matches: zoneRedundant, scope: Anywhere},
	{driver: "disk.csi.azure.com", parameter: "storageAccountType", matches: zoneRedundant, scope: Anywhere},
	{driver: ".rbd.csi.ceph.com", parameter: "topologyConstrainedPools", matches: func(v string) bool { return v != "" }, scope: Zone},
	{driver: "driver.longhorn.io", parameter: "dataLocality", matches: is("strict-local"), scope: Node},
}

func is(value string) func(string) bool {
	return func(v string) bool { return strings.EqualFold(v, value) }
}

func zoneRedundant(sku string) bool { return strings.HasSuffix(strings.ToUpper(sku), "_ZRS") }

func isNamed(pattern, name string) bool {
	if strings.HasPrefix(pattern, ".") {
		return strings.HasSuffix("."+name, pattern)
	}
	return name == pattern
}

// knownDriver returns what is known of a driver or provisioner, nil if it is unknown.
func knownDriver(name string) *driver {
	i := slices.IndexFunc(drivers, func(d driver) bool { return isNamed(d.name, name) })
	if i < 0 {
		return nil
	}
	return &drivers[i]
}

// TopologyKeys returns the node labels of the topologies of all drivers.
func (s *Storage) TopologyKeys() []string {
	keys := []string{corev1.LabelTopologyRegion, corev1.LabelTopologyZone}
	for _, d := range drivers {
		if d.key != "" {
			keys = append(keys, d.key)
		}
	}
	for _, more := range s.topologyKeys {
		keys = append(keys, more...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
