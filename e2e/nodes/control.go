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

// startControlPlane starts it beside the images, which take as long.
func (c *Cluster) startControlPlane(ctx context.Context) error {
	seconds := func(d time.Duration) string { return fmt.Sprint(int(d.Seconds())) }
	control, err := controlplane.New(controlplane.Config{
		Dir: c.config.Dir, Address: master.String(), Port: 6443, ServiceCIDR: serviceRange.String(),
		Prefix: c.network.prefix(), Dial: c.network.dial,
		Flags: map[string][]string{
			controlplane.APIServer: {
				"--allow-privileged",
				// There is no kube-proxy beside it: webhooks are called at their pods.
				"--enable-aggregator-routing",
				"--default-not-ready-toleration-seconds=" + seconds(c.config.Toleration),
				"--default-unreachable-toleration-seconds=" + seconds(c.config.Toleration),
			},
			controlplane.ControllerManager: {
				"--node-monitor-period=1s", "--node-monitor-grace-period=" + c.config.Grace.String(),
				// By default it takes ten seconds from one lost node to the next.
				"--node-eviction-rate=10",
				"--flex-volume-plugin-dir=" + filepath.Join(c.config.Dir, "flex"),
			},
		},
	})
	if err != nil {
		return err
	}
	c.control = control
	// Not asked to stop: nodes that were killed never hang up, and an API server would wait for them.
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

// StopControlPlane cuts the power of the API server, its store, the controllers and the scheduler. Nodes and pods run on,
// and so does DNS.
func (c *Cluster) StopControlPlane(context.Context) error { return c.control.Kill() }

// StartControlPlane brings back what StopControlPlane stopped, with the same state.
func (c *Cluster) StartControlPlane(ctx context.Context) error { return c.control.Start(ctx) }

// Kubeconfig is the file of an administrator's kubeconfig that works on the machine.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// Command is a command beside the API server, where nodes and pods can be reached: with its KUBECONFIG, and kubectl in its PATH.
func (c *Cluster) Command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := c.network.command(ctx, append([]string{name}, arguments...))
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.control.Kubeconfig(), "PATH="+filepath.Dir(c.programs["kubectl"])+":"+os.Getenv("PATH"))
	return cmd
}
