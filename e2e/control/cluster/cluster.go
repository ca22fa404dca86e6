// Package cluster runs a Kubernetes cluster with a real control plane and nodes of kwok, which report every pod as ready without running
// containers. API server, controllers, scheduler and evictions are real.
//
// Many tests share one cluster. Each has its own namespace, and nodes that pods of other namespaces cannot use.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	"github.com/holdfast-ha/holdfast/e2e/process"
	"github.com/holdfast-ha/holdfast/e2e/storage"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Cluster is a running cluster.
type Cluster struct {
	*controlplane.ControlPlane
	// Config and Kube are clients of an administrator.
	Config *rest.Config
	Kube   *kubernetes.Clientset

	dir  string
	kwok *process.Process
	stop context.CancelFunc
}

// services is the range of addresses of Services. They are addresses of this machine, so that tests can serve webhooks.
const services = "127.64.0.0/16"

// Up starts a cluster without nodes, with its state in dir. The release is "" or binaries.Next.
func Up(ctx context.Context, dir, release string) (*Cluster, error) {
	// All tests together send more requests than the default limits allow.
	busy := []string{"--kube-api-qps=1000", "--kube-api-burst=2000"}
	plane, err := controlplane.New(controlplane.Config{Dir: dir, Release: release, ServiceCIDR: services, Flags: map[string][]string{
		// PodNodeSelector: see Namespace.
		controlplane.APIServer:         {"--enable-admission-plugins=NodeRestriction,PodNodeSelector"},
		controlplane.ControllerManager: append([]string{"--horizontal-pod-autoscaler-sync-period=2s", "--resource-quota-sync-period=5s"}, busy...),
		controlplane.Scheduler:         busy,
	}})
	if err != nil {
		return nil, err
	}
	c := &Cluster{ControlPlane: plane, dir: dir}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) (err error) {
	if err := c.Start(ctx); err != nil {
		return err
	}
	if c.Config, err = c.Client(); err != nil {
		return err
	}
	if c.Kube, err = kubernetes.NewForConfig(c.Config); err != nil {
		return err
	}
	if c.kwok, err = c.startKwok(); err != nil {
		return err
	}
	var background context.Context
	background, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	folders := filepath.Join(c.dir, "volumes")
	return storage.Start(background, c.Kube, folders, folders, nil, Shared, Local)
}

// Further StorageClasses: volumes that are usable on every node, and those of one node. Their provisioners have the names of drivers that
// holdfast knows.
var (
	Shared = storage.Class{Name: "shared", Provisioner: "nfs.csi.k8s.io"}
	Local  = storage.Class{Name: "local", Provisioner: "rancher.io/local-path", Label: corev1.LabelHostname}
)

// Close stops everything. A program that has ended by itself is an error.
func (c *Cluster) Close() error {
	var failed []error
	if c.stop != nil {
		c.stop()
	}
	if c.kwok != nil {
		failed = append(failed, c.kwok.Stop())
	}
	return errors.Join(append(failed, c.ControlPlane.Close())...)
}

// Dir returns a folder for files of this cluster.
func (c *Cluster) Dir(name string) string { return filepath.Join(c.dir, name) }

// Owner is the label of the nodes of a namespace. Its value is the name of the namespace.
const Owner = "holdfast.example/namespace"

// Namespace creates a namespace whose pods use only its own nodes, and waits until it accepts pods.
func (c *Cluster) Namespace(ctx context.Context, name string) error {
	_, err := c.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name,
		// Pods of the namespace get this node selector, and their spread constraints count only matching nodes.
		Annotations: map[string]string{"scheduler.alpha.kubernetes.io/node-selector": Owner + "=" + name},
	}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating namespace %s: %w", name, err)
	}
	return Eventually(ctx, patience, func() error {
		_, err := c.Kube.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// patience limits the waits of this package: far longer than they take on a slow machine.
const patience = 10 * time.Minute

// Node configures a node.
type Node struct {
	Name, Zone string
	Labels     map[string]string
	Taints     []corev1.Taint
	// Size is its capacity; nil is enough for all pods of a test.
	Size corev1.ResourceList
}

// AddNodes creates nodes for a namespace, and waits until they are ready.
func (c *Cluster) AddNodes(ctx context.Context, namespace string, nodes []Node) error {
	for _, n := range nodes {
		labels := map[string]string{Owner: namespace, corev1.LabelHostname: n.Name, corev1.LabelTopologyZone: n.Zone, corev1.LabelOSStable: "linux"}
		for key, value := range n.Labels {
			labels[key] = value
		}
		size := n.Size
		if size == nil {
			size = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("16"), corev1.ResourceMemory: resource.MustParse("64Gi"), corev1.ResourcePods: resource.MustParse("110")}
		}
		node := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: labels},
			Spec:       corev1.NodeSpec{Taints: n.Taints},
			Status:     corev1.NodeStatus{Capacity: size, Allocatable: size},
		}
		if _, err := c.Kube.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating node %s: %w", n.Name, err)
		}
	}
	return Eventually(ctx, patience, func() error {
		for _, n := range nodes {
			node, err := c.Kube.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			// A new node has a taint until its controller has seen it.
			if len(node.Spec.Taints) > len(n.Taints) {
				return fmt.Errorf("node %s has taints: %v", n.Name, node.Spec.Taints)
			}
		}
		return nil
	})
}

// Eventually calls try until it succeeds, and returns its last error after the limit.
func Eventually(ctx context.Context, limit time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("after %s: %w", limit, err)
		case <-tick.C:
		}
	}
}
