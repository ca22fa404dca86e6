// Package nodes runs a Kubernetes cluster of real nodes on one machine, and makes them fail: each node has a kubelet, a
// container runtime, a network and a disk of its own, in namespaces that are gone with its first process.
//
// Nothing of it is in the machine's own network, and nothing of it outlives this process but files below Config.Dir and
// empty control groups.
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
	"github.com/holdfast-ha/holdfast/e2e/nodes/cgroup"
	"github.com/holdfast-ha/holdfast/e2e/nodes/images"
	"github.com/holdfast-ha/holdfast/e2e/nodes/machine"
	"github.com/holdfast-ha/holdfast/e2e/storage"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
)

// Node is one to be.
type Node struct {
	// Name has ten letters at most.
	Name string
	// Zone is the value of its zone label; without one, it is in no zone.
	Zone   string
	Labels map[string]string
	Taints []corev1.Taint
}

// Config says what cluster to run.
type Config struct {
	// Dir, an empty folder, holds everything that is written: state and disks, which Close removes, and logs in Dir/log,
	// which stay.
	Dir   string
	Nodes []Node
	// Images are further ones for the registry: it has those that the golden cases ask for.
	Images []images.Image
	// Grace is how long a node may be silent until it counts as lost, Grace unless said: production has 40 seconds or more.
	Grace time.Duration
	// Toleration is how long pods stay bound to a lost node, 5 seconds unless said: production has 300.
	Toleration time.Duration
}

// Grace is how long a node may be silent until it counts as lost, unless said.
const Grace = 8 * time.Second

// Zones are the nodes that the tests use: two in each of the zones a, b and c, and one in none of them, for what watches the
// others fail.
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

// LoadKey is the label and the taint, both "true", of the node that is for load generators.
const LoadKey = "holdfast.example/load"

// Cluster is a running one.
type Cluster struct {
	config     Config
	client     kubernetes.Interface
	control    *controlplane.ControlPlane
	network    *network
	registry   *images.Registry
	nodes      []*node
	programs   map[string]string
	catalog    []images.Image
	kubeconfig string
	// undo takes back what Up has done, the last first.
	undo []func() error
}

// cgroupName is the control group that those of the nodes are in. There is one such cluster on a machine.
const cgroupName = "holdfast"

// Up runs a cluster and returns when all nodes are ready.
func Up(ctx context.Context, config Config) (*Cluster, error) {
	if config.Grace == 0 {
		config.Grace = Grace
	}
	if config.Toleration == 0 {
		config.Toleration = 5 * time.Second
	}
	c := &Cluster{config: config}
	for _, step := range []func(context.Context) error{
		c.prepare, c.connect, c.serveImages, c.startControlPlane, c.makeObjects, c.startDNS, c.provideStorage, c.startNodes,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("running a cluster: %w", err), c.Close())
		}
	}
	return c, nil
}

// Close ends the cluster, and leaves nothing of it but the logs.
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

// prepare looks at the machine, and makes the folders and the control group.
func (c *Cluster) prepare(context.Context) error {
	if err := require(); err != nil {
		return err
	}
	// Held by the process, not by a file that might stay.
	lock, err := net.Listen("unix", "@holdfast-nodes")
	if err != nil {
		return fmt.Errorf("another cluster runs on this machine: %w", err)
	}
	c.later(lock.Close)
	dir, err := filepath.Abs(c.config.Dir)
	if err != nil {
		return err
	}
	c.config.Dir = dir
	if err := os.MkdirAll(c.logs(), 0o755); err != nil {
		return err
	}
	// Close would remove what somebody else has there.
	if state, err := c.state(); err != nil || len(state) > 0 {
		return errors.Join(err, fmt.Errorf("the folder %s must be empty, but for log", dir))
	}
	c.later(c.removeState)
	// What is there is of a process that was killed.
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
			return fmt.Errorf("node %s: a name may have ten letters", n.Name)
		}
		c.nodes = append(c.nodes, &node{Node: n, index: i})
	}
	return c.build()
}

// build builds the programs before anything waits for them.
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

// seen is how nodes see a file below the cluster's folder.
func (c *Cluster) seen(file string) string {
	relative, err := filepath.Rel(c.config.Dir, file)
	if err != nil || !filepath.IsLocal(relative) {
		panic(file + " is not below " + c.config.Dir)
	}
	return filepath.Join(machine.Shared, relative)
}

// state is what there is in the cluster's folder besides the logs.
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
	volumes := filepath.Join(c.config.Dir, "volumes")
	return storage.Start(ctx, c.client, volumes, c.seen(volumes))
}
