// Package controlplane runs the control plane of a Kubernetes cluster from its own programs: etcd, the API server, the
// controller manager and the scheduler. Nodes are somebody else's.
//
// Authorization by RBAC and the admission of service accounts are on, so that what the tests install has the rights that
// its own Roles give it, and no others.
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

// The programs, in the order they are started in.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
)

// All are the programs of a control plane; they are stopped in the reverse order.
var All = []string{Etcd, APIServer, ControllerManager, Scheduler}

// Config says where a control plane runs, and for what cluster. Only Dir must be given.
type Config struct {
	// Dir holds its state, keys and logs.
	Dir string
	// Address is that of the API server, 127.0.0.1 unless said; Port a free one.
	Address string
	Port    int
	// Hosts are further names and addresses that the API server is called by.
	Hosts []string
	// Prefix stands before each command: nsenter and its arguments, to run it in another network namespace.
	Prefix []string
	// Dial is how this process reaches the API server, if not as usual.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// ServiceCIDR and PodCIDR are the ranges of addresses. The nodes get a part of PodCIDR each if it is given.
	ServiceCIDR, PodCIDR string
	// Flags are further ones by program; they come last, and so win.
	Flags map[string][]string
}

// ControlPlane is a cluster without nodes.
type ControlPlane struct {
	config    Config
	authority *authority
	// etcd are the URLs for the API server, and for the other members that there are none of.
	etcd, peers string
	running     map[string]*process.Process
}

// New makes the keys and files of a control plane, which can then be started.
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
	// The first address of the range is that of the Service "kubernetes".
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
	// kubeletClient is who the API server is to the kubelets, for logs and exec.
	kubeletClient = Identity{Name: "kube-apiserver-kubelet-client", Groups: []string{"system:masters"}}
)

// Issue signs a certificate and returns its file and that of its key.
func (c *ControlPlane) Issue(id Identity) (certificate, key string, err error) {
	return c.authority.issue(fileName(id), id)
}

// CA returns the file of the certificate that signed all others.
func (c *ControlPlane) CA() string { return c.authority.file("ca.crt") }

// WriteKubeconfig writes a kubeconfig for somebody, for the API server at a URL, or at its own if that is empty. It
// returns the file, which is one for each identity and URL.
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
	// Embedded, so that one file can be given to a node.
	if err := clientcmdapi.FlattenConfig(k); err != nil {
		return "", fmt.Errorf("writing a kubeconfig for %s: %w", id.Name, err)
	}
	return file, clientcmd.WriteToFile(*k, file)
}

func (c *ControlPlane) kubeconfig(id Identity) string {
	return filepath.Join(c.config.Dir, fileName(id)+".kubeconfig")
}

func fileName(id Identity) string { return strings.ReplaceAll(id.Name, ":", "-") }

// URL returns where the API server is, beside it.
func (c *ControlPlane) URL() string {
	return "https://" + net.JoinHostPort(c.config.Address, fmt.Sprint(c.config.Port))
}

// Kubeconfig returns the administrator's kubeconfig file.
func (c *ControlPlane) Kubeconfig() string { return c.kubeconfig(administrator) }

// Client returns how this process may talk to the API server as the administrator, without any limit of its own.
func (c *ControlPlane) Client() (*rest.Config, error) {
	client, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	client.QPS, client.Dial = -1, c.config.Dial
	return client, nil
}

// Start starts the named programs, all of them if none is named, and waits until the API answers. What runs already is
// left alone.
func (c *ControlPlane) Start(ctx context.Context, names ...string) error {
	for _, name := range inOrder(names) {
		if c.running[name] != nil {
			continue
		}
		file, err := binaries.Path(name)
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

// Stop stops the named programs, all of them if none is named; Start brings them back as they were. One that had ended
// by itself is an error.
func (c *ControlPlane) Stop(names ...string) error { return c.end((*process.Process).Stop, names) }

// Kill ends the named programs, all of them if none is named, as a crash of their machine would. An API server that is
// asked to stop serves its clients no more, but may take longer to say good-bye to them than an outage is to last.
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

// freePorts finds ports of this machine that nobody listens at: below those that the system gives to outgoing
// connections, of which one might take a port before its server does, and anywhere there, as others look for some, too.
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
		return nil, fmt.Errorf("looking for %d free ports: there are %d", n, len(free))
	}
	return free, nil
}
