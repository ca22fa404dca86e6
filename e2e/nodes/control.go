package nodes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
)

// startControlPlane starts the control plane, and adds images to the registry at the same time.
func (c *Cluster) startControlPlane(ctx context.Context) error {
	seconds := func(d time.Duration) string { return fmt.Sprint(int(d.Seconds())) }
	control, err := controlplane.New(controlplane.Config{
		Dir: c.config.Dir, Address: master.String(), Port: 6443, ServiceCIDR: serviceRange.String(),
		Prefix: c.network.prefix(), Dial: c.network.dial,
		Flags: map[string][]string{
			controlplane.APIServer: {
				"--allow-privileged",
				// Without a kube-proxy here, the API server calls the pods of webhooks.
				"--enable-aggregator-routing",
				"--default-not-ready-toleration-seconds=" + seconds(c.config.Toleration),
				"--default-unreachable-toleration-seconds=" + seconds(c.config.Toleration),
			},
			controlplane.ControllerManager: {
				"--node-monitor-period=1s", "--node-monitor-grace-period=" + c.config.Grace.String(),
				// By default, the controller evicts the pods of one node every ten seconds.
				"--node-eviction-rate=10",
				"--flex-volume-plugin-dir=" + filepath.Join(c.config.Dir, "flex"),
			},
		},
	})
	if err != nil {
		return err
	}
	c.control = control
	// Not Stop: connections of killed nodes never end, and the API server would wait for them.
	c.later(func() error { return control.Kill() })
	var parts errgroup.Group
	parts.Go(c.addImages)
	parts.Go(func() error { return control.Start(ctx) })
	if err := parts.Wait(); err != nil {
		return err
	}
	config, err := control.Client()
	if err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	url, err := c.forward("127.0.0.1:0")
	if err != nil {
		return err
	}
	c.kubeconfig, err = control.WriteKubeconfig("https://"+url, controlplane.Identity{Name: "admin", Groups: []string{"system:masters"}})
	return err
}

// StopControlPlane kills API server, etcd, controllers and scheduler. Nodes, pods and DNS keep running.
func (c *Cluster) StopControlPlane(context.Context) error { return c.control.Kill() }

// StartControlPlane starts the programs that StopControlPlane stopped, with the same state.
func (c *Cluster) StartControlPlane(ctx context.Context) error { return c.control.Start(ctx) }

// Kubeconfig returns an administrator's kubeconfig file for programs in the machine's network.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// Command returns a command in the network of the API server, which reaches nodes and pods, with KUBECONFIG set and kubectl in its PATH.
func (c *Cluster) Command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := c.network.command(ctx, append([]string{name}, arguments...))
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.control.Kubeconfig(), "PATH="+filepath.Dir(c.programs["kubectl"])+":"+os.Getenv("PATH"))
	return cmd
}
