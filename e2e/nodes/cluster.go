// Package nodes runs a Kubernetes cluster of real nodes on one machine, and makes nodes fail. Each node has its own kubelet, container runtime,
// network and disk, in namespaces that end with its first process.
//
// The cluster does not use the machine's network. After Close, only the logs remain. After the death of this process, files below Config.Dir,
// empty control groups and the disks of volumes remain; the next cluster removes the groups and unmounts the disks.
package nodes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	"github.com/holdfast-ha/holdfast/e2e/disks"
	"github.com/holdfast-ha/holdfast/e2e/nodes/cgroup"
	"github.com/holdfast-ha/holdfast/e2e/nodes/images"
	"github.com/holdfast-ha/holdfast/e2e/nodes/machine"
	"github.com/holdfast-ha/holdfast/e2e/storage"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
)

// Node configures a node.
type Node struct {
	// Name has at most ten letters.
	Name string
	// Zone is the value of the zone label, or "".
	Zone   string
	Labels map[string]string
	Taints []corev1.Taint
}

// Config configures a cluster.
type Config struct {
	// Dir is an empty folder for all files: state and disks, which Close removes, and logs in Dir/log, which remain.
	Dir   string
	Nodes []Node
	// Images are further images for the registry. It always has the images of the golden cases.
	Images []images.Image
	// Grace is the time without a heartbeat after which a node is Unreachable; 0 for the constant Grace. Production: 40 s or more.
	Grace time.Duration
	// Toleration is the time that pods stay bound to an Unreachable node; 0 for 5 s. Production: 300 s.
	Toleration time.Duration
}

// Grace is the default of Config.Grace.
const Grace = 8 * time.Second

// Zones returns the nodes of the tests: two in each of the zones a, b and c, and one without a zone for the load generator, which never fails.
func Zones() []Node {
	var all []Node
	for _, zone := range []string{"a", "b", "c"} {
		all = append(all, Node{Name: zone + "1", Zone: zone}, Node{Name: zone + "2", Zone: zone})
	}
	return append(all, Node{
		Name:   "load",
		Labels: map[string]string{LoadKey: "true"},
		Taints: []corev1.Taint{{Key: LoadKey, Value: "true", Effect: corev1.TaintEffectNoSchedule}},
	})
}

// LoadKey is the key of the label and the taint of the load generator's node. The value of both is "true".
const LoadKey = "holdfast.example/load"

// Cluster is a running cluster.
type Cluster struct {
	config     Config
	client     kubernetes.Interface
	control    *controlplane.ControlPlane
	network    *network
	registry   *images.Registry
	nodes      []*node
	disks      disks.Disks
	programs   map[string]string
	catalog    []images.Image
	kubeconfig string
	// undo are the steps of Close, in reverse order.
	undo []func() error
}

// cgroupName is the parent of the nodes' control groups. A machine runs at most one cluster.
const cgroupName = "holdfast"

// Up starts a cluster and returns when all nodes are ready.
func Up(ctx context.Context, config Config) (*Cluster, error) {
	if config.Grace == 0 {
		config.Grace = Grace
	}
	if config.Toleration == 0 {
		config.Toleration = 5 * time.Second
	}
	c := &Cluster{config: config}
	for _, step := range []func(context.Context) error{
		c.prepare, removeRemains, c.shareVolumes, c.connect, c.serveImages, c.startControlPlane, c.createObjects, c.startDNS, c.provideStorage, c.startNodes,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("starting a cluster: %w", err), c.Close())
		}
	}
	return c, nil
}

// Close stops the cluster and removes everything but the logs.
func (c *Cluster) Close() error {
	var failed []error
	for len(c.undo) > 0 {
		last := len(c.undo) - 1
		failed = append(failed, c.undo[last]())
		c.undo = c.undo[:last]
	}
	return errors.Join(failed...)
}

func (c *Cluster) later(undo func() error) { c.undo = append(c.undo, undo) }

// prepare checks the machine, and creates folders and the control group.
func (c *Cluster) prepare(context.Context) error {
	if err := require(); err != nil {
		return err
	}
	if err := c.lock(); err != nil {
		return err
	}
	dir, err := filepath.Abs(c.config.Dir)
	if err != nil {
		return err
	}
	c.config.Dir = dir
	if err := os.MkdirAll(c.logs(), 0o755); err != nil {
		return err
	}
	// Close would remove files that the cluster did not create.
	if state, err := c.state(); err != nil || len(state) > 0 {
		return errors.Join(err, fmt.Errorf("the folder %s must be empty except for log", dir))
	}
	c.later(c.removeState)
	// An existing group is from a killed process.
	if err := cgroup.Remove(cgroupName); err != nil {
		return err
	}
	c.later(func() error { return cgroup.Remove(cgroupName) })
	restore, err := raiseWatches()
	if err != nil {
		return err
	}
	c.later(restore)
	for i, n := range c.config.Nodes {
		if len(port(n.Name)) > 15 {
			return fmt.Errorf("node %s: a name may have at most ten letters", n.Name)
		}
		c.nodes = append(c.nodes, &node{Node: n, index: i})
	}
	return c.build()
}

// lock reserves the machine for this cluster.
func (c *Cluster) lock() error {
	// An abstract socket ends with the process; a file might remain.
	lock, err := net.Listen("unix", "@holdfast-nodes")
	if err != nil {
		return fmt.Errorf("another cluster runs on this machine: %w", err)
	}
	c.later(lock.Close)
	return nil
}

// build builds the programs before anything needs them.
func (c *Cluster) build() (err error) {
	c.programs = map[string]string{}
	for _, name := range append([]string{"coredns", "kubectl", "kubelet", "kube-proxy", "kube-router"}, controlplane.All...) {
		if c.programs[name], err = binaries.Path(name); err != nil {
			return err
		}
	}
	if c.programs["init"], err = binaries.Own("./nodes/init"); err != nil {
		return err
	}
	c.catalog, err = images.Catalog()
	return err
}

func (c *Cluster) logs() string { return filepath.Join(c.config.Dir, "log") }

// nodePath returns the path on nodes of a file below the cluster's folder.
func (c *Cluster) nodePath(file string) string {
	relative, err := filepath.Rel(c.config.Dir, file)
	if err != nil || !filepath.IsLocal(relative) {
		panic(file + " is not below " + c.config.Dir)
	}
	return filepath.Join(machine.Shared, relative)
}

// state returns the files in the cluster's folder except the logs.
func (c *Cluster) state() ([]string, error) {
	all, err := filepath.Glob(filepath.Join(c.config.Dir, "*"))
	return slices.DeleteFunc(all, func(file string) bool { return file == c.logs() }), err
}

func (c *Cluster) removeState() error {
	state, err := c.state()
	for _, file := range state {
		err = errors.Join(err, os.RemoveAll(file))
	}
	return err
}

func (c *Cluster) connect(context.Context) (err error) {
	if c.network, err = newNetwork(len(c.nodes)); err != nil {
		return err
	}
	c.later(c.network.close)
	return nil
}

func (c *Cluster) provideStorage(ctx context.Context) error {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.later(func() error { stop(); return nil })
	return storage.Start(ctx, c.client, c.volumes(), c.nodePath(c.volumes()), &c.disks)
}
