// Package controlplane runs the control plane of a Kubernetes cluster: etcd, API server, controller manager and scheduler, without nodes.
//
// Authorization by RBAC and the admission of service accounts are enabled: installed systems have only the permissions of their own Roles.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/process"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// The programs, in their start order.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
)

// All are the programs of a control plane; they are stopped in the reverse order.
var All = []string{Etcd, APIServer, ControllerManager, Scheduler}

// Config configures a control plane. Only Dir is required.
type Config struct {
	// Dir is the folder of state, keys and logs.
	Dir string
	// Address and Port are the address of the API server; by default 127.0.0.1 and a free port.
	Address string
	Port    int
	// Hosts are further names and addresses of the API server.
	Hosts []string
	// Prefix precedes each command: nsenter and its arguments, for another network namespace.
	Prefix []string
	// Dial opens connections from this process to the API server; nil for the default dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// ServiceCIDR and PodCIDR are ranges of addresses. With a PodCIDR, each node gets a part of it.
	ServiceCIDR, PodCIDR string
	// Release is the end of the names of Kubernetes' programs in package binaries: "" or binaries.Next.
	Release string
	// Flags are further flags by program. They come last and take precedence.
	Flags map[string][]string
}

// ControlPlane is a cluster without nodes.
type ControlPlane struct {
	config    Config
	authority *authority
	// etcd is the client URL of etcd, peers its peer URL.
	etcd, peers string
	running     map[string]*process.Process
}

// New creates the keys and files of a control plane. Start starts it.
func New(config Config) (*ControlPlane, error) {
	if config.Address == "" {
		config.Address = "127.0.0.1"
	}
	if config.ServiceCIDR == "" {
		config.ServiceCIDR = "10.0.0.0/16"
	}
	c := &ControlPlane{config: config, running: map[string]*process.Process{}}
	ports, err := freePorts(3)
	if err != nil {
		return nil, fmt.Errorf("preparing a control plane: %w", err)
	}
	c.etcd, c.peers = fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	if c.config.Port == 0 {
		c.config.Port = ports[2]
	}
	if c.authority, err = newAuthority(filepath.Join(config.Dir, "pki")); err != nil {
		return nil, fmt.Errorf("preparing a control plane: %w", err)
	}
	return c, c.issueOwn()
}

// issueOwn writes the certificates and kubeconfigs of the programs and of the administrator.
func (c *ControlPlane) issueOwn() error {
	service, err := netip.ParsePrefix(c.config.ServiceCIDR)
	if err != nil {
		return fmt.Errorf("preparing a control plane: service range: %w", err)
	}
	// The first address of the range is the address of the Service "kubernetes".
	hosts := append([]string{
		c.config.Address, "127.0.0.1", "localhost", service.Masked().Addr().Next().String(),
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
	}, c.config.Hosts...)
	_, _, server := c.Issue(Identity{Name: APIServer, Hosts: hosts})
	_, _, client := c.Issue(kubeletClient)
	_, manager := c.WriteKubeconfig("", Identity{Name: "system:" + ControllerManager})
	_, scheduler := c.WriteKubeconfig("", Identity{Name: "system:" + Scheduler})
	_, admin := c.WriteKubeconfig("", administrator)
	return errors.Join(server, client, manager, scheduler, admin)
}

var (
	administrator = Identity{Name: "admin", Groups: []string{"system:masters"}}
	// kubeletClient is the user of the API server's requests to kubelets: logs and exec.
	kubeletClient = Identity{Name: "kube-apiserver-kubelet-client", Groups: []string{"system:masters"}}
)

// Issue signs a certificate and returns the files of the certificate and its key.
func (c *ControlPlane) Issue(id Identity) (certificate, key string, err error) {
	return c.authority.issue(fileName(id), id)
}

// CA returns the file of the certificate that signed all others.
func (c *ControlPlane) CA() string { return c.authority.file("ca.crt") }

// WriteKubeconfig writes a kubeconfig of an identity for the API server at a URL, by default its own. It returns the file, one for each
// identity and URL.
func (c *ControlPlane) WriteKubeconfig(url string, id Identity) (string, error) {
	file := c.kubeconfig(id)
	if url == "" {
		url = c.URL()
	} else {
		file = strings.TrimSuffix(file, ".kubeconfig") + "-at-" + strings.NewReplacer("/", "", ":", "-").Replace(url) + ".kubeconfig"
	}
	certificate, key, err := c.Issue(id)
	if err != nil {
		return "", err
	}
	const name = "holdfast-e2e"
	k := clientcmdapi.NewConfig()
	k.Clusters[name] = &clientcmdapi.Cluster{Server: url, CertificateAuthority: c.CA()}
	k.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificate: certificate, ClientKey: key}
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	k.CurrentContext = name
	// Embedded, so that a node needs one file.
	if err := clientcmdapi.FlattenConfig(k); err != nil {
		return "", fmt.Errorf("writing a kubeconfig for %s: %w", id.Name, err)
	}
	return file, clientcmd.WriteToFile(*k, file)
}

func (c *ControlPlane) kubeconfig(id Identity) string {
	return filepath.Join(c.config.Dir, fileName(id)+".kubeconfig")
}

func fileName(id Identity) string { return strings.ReplaceAll(id.Name, ":", "-") }

// URL returns the URL of the API server in its network namespace.
func (c *ControlPlane) URL() string {
	return "https://" + net.JoinHostPort(c.config.Address, fmt.Sprint(c.config.Port))
}

// Kubeconfig returns the administrator's kubeconfig file.
func (c *ControlPlane) Kubeconfig() string { return c.kubeconfig(administrator) }

// Client returns the configuration of an administrator's client in this process, without a rate limit.
func (c *ControlPlane) Client() (*rest.Config, error) {
	client, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	client.QPS, client.Dial = -1, c.config.Dial
	return client, nil
}

// Start starts programs, by default all, and waits until the API answers. It skips running programs.
func (c *ControlPlane) Start(ctx context.Context, names ...string) error {
	for _, name := range inOrder(names) {
		if c.running[name] != nil {
			continue
		}
		file, err := binaries.Path(c.binary(name))
		if err != nil {
			return err
		}
		command := slices.Concat(c.config.Prefix, []string{file}, c.flags(name), c.config.Flags[name])
		c.running[name], err = process.Start(name, filepath.Join(c.config.Dir, "log"), exec.Command(command[0], command[1:]...))
		if err != nil {
			return err
		}
		if err := c.await(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// binary returns the name of a program in package binaries.
func (c *ControlPlane) binary(name string) string {
	if name == Etcd {
		return name
	}
	return name + c.config.Release
}

// Stop stops programs, by default all. Start starts them again with their state. A program that has ended by itself is an error.
func (c *ControlPlane) Stop(names ...string) error { return c.end((*process.Process).Stop, names) }

// Kill kills programs, by default all, like a crash of their machine. An API server that stops after SIGTERM may take longer to close its
// connections than an outage lasts.
func (c *ControlPlane) Kill(names ...string) error { return c.end((*process.Process).Kill, names) }

func (c *ControlPlane) end(how func(*process.Process) error, names []string) error {
	var failed []error
	order := inOrder(names)
	slices.Reverse(order)
	for _, name := range order {
		if p := c.running[name]; p != nil {
			failed = append(failed, how(p))
			delete(c.running, name)
		}
	}
	return errors.Join(failed...)
}

// Close stops everything. The files stay.
func (c *ControlPlane) Close() error { return c.Stop() }

func inOrder(names []string) []string {
	return slices.DeleteFunc(slices.Clone(All), func(name string) bool {
		return len(names) > 0 && !slices.Contains(names, name)
	})
}

// freePorts returns unused ports. They are below the range of outgoing connections, which might take a port before its server does, and begin
// at a random one, because concurrent tests need ports, too.
func freePorts(n int) ([]int, error) {
	var free []int
	for port := 20000 + rand.IntN(9000); port < 30000 && len(free) < n; port++ {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer listener.Close()
		free = append(free, port)
	}
	if len(free) < n {
		return nil, fmt.Errorf("finding %d free ports: there are only %d", n, len(free))
	}
	return free, nil
}
