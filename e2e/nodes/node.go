package nodes

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	"github.com/holdfast-ha/holdfast/e2e/nodes/images"
	"github.com/holdfast-ha/holdfast/e2e/nodes/machine"
	"github.com/holdfast-ha/holdfast/e2e/process"
	"golang.org/x/sys/unix"
)

// node is a node of a cluster.
type node struct {
	Node
	index   int
	machine machine.Machine
	// power is the node's first process, or nil if it does not run; pid is its ID.
	power *process.Process
	pid   int
}

// Pods returns the range of its pod addresses.
func (n *node) Pods() netip.Prefix { return pods(n.index) }

func (n *node) cgroup() string { return filepath.Join(cgroupName, n.Name) }

// configure creates a node's certificates, files and daemons.
func (c *Cluster) configure(n *node) error {
	if err := os.MkdirAll(filepath.Join(c.dir(n), "disk"), 0o755); err != nil {
		return err
	}
	kubelet, err := c.control.WriteKubeconfig("", controlplane.Identity{Name: "system:node:" + n.Name, Groups: []string{"system:nodes"}})
	if err != nil {
		return err
	}
	proxy, err := c.control.WriteKubeconfig("", controlplane.Identity{Name: "system:kube-proxy"})
	if err != nil {
		return err
	}
	router, err := c.control.WriteKubeconfig("", controlplane.Identity{Name: "kube-router"})
	if err != nil {
		return err
	}
	certificate, key, err := c.control.Issue(controlplane.Identity{Name: "kubelet:" + n.Name, Hosts: []string{n.Name, address(n.index).String()}})
	if err != nil {
		return err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	settings := map[string]any{
		"Address": address(n.index), "Pods": n.Pods(), "AllPods": podRange, "DNS": dnsService, "Registry": fmt.Sprintf("%s:%d", master, registryPort),
		"Pause": images.Pause, "Lease": int(c.config.Grace.Seconds()), "OpenFiles": min(limit.Max, 1_000_000),
		"CA": c.nodePath(c.control.CA()), "Certificate": c.nodePath(certificate), "Key": c.nodePath(key), "ProxyKubeconfig": c.nodePath(proxy),
	}
	n.machine = machine.Machine{
		Name: n.Name, Cgroup: n.cgroup(), Dir: c.config.Dir,
		Disk: c.nodePath(filepath.Join(c.dir(n), "disk")), Logs: c.nodePath(filepath.Join(c.logs(), n.Name)),
		Files: map[string]string{
			"/etc/hosts":       fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", address(n.index), n.Name),
			"/etc/resolv.conf": fmt.Sprintf("nameserver %s\n", master),
		},
	}
	for path, file := range map[string]string{
		"/etc/holdfast/containerd.toml":                "containerd.toml",
		"/etc/holdfast/registries/_default/hosts.toml": "hosts.toml",
		"/etc/holdfast/cni/10-holdfast.conflist":       "cni.conflist",
		"/etc/holdfast/kubelet.yaml":                   "kubelet.yaml",
		"/etc/holdfast/kube-proxy.yaml":                "kube-proxy.yaml",
	} {
		if n.machine.Files[path], err = render(file, settings); err != nil {
			return err
		}
	}
	n.machine.Daemons, err = c.daemons(n, c.nodePath(kubelet), c.nodePath(router))
	return err
}

// daemons returns the programs of a node.
func (c *Cluster) daemons(n *node, kubelet, router string) ([]machine.Daemon, error) {
	containerd, err := exec.LookPath("containerd")
	if err != nil {
		return nil, err
	}
	return []machine.Daemon{
		{
			Name: "containerd", Command: []string{containerd, "--config=/etc/holdfast/containerd.toml"},
			Socket: "/run/containerd/containerd.sock",
		},
		{Name: "kubelet", Command: []string{
			c.programs["kubelet"], "--config=/etc/holdfast/kubelet.yaml", "--kubeconfig=" + kubelet,
			"--hostname-override=" + n.Name, "--node-ip=" + address(n.index).String(),
		}},
		{Name: "kube-proxy", Command: []string{c.programs["kube-proxy"], "--config=/etc/holdfast/kube-proxy.yaml", "--hostname-override=" + n.Name}},
		// It enforces NetworkPolicies. It exits and is restarted until the kubelet has set the node's address.
		{Name: "kube-router", Command: []string{
			c.programs["kube-router"], "--kubeconfig=" + router, "--hostname-override=" + n.Name, "--service-cluster-ip-range=" + serviceRange.String(),
		}},
	}, nil
}

// dir returns the folder of a node.
func (c *Cluster) dir(n *node) string { return filepath.Join(c.config.Dir, "nodes", n.Name) }
