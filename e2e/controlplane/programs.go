package controlplane

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// flags returns the flags of a program; Config.Flags are not included.
func (c *ControlPlane) flags(name string) []string {
	switch name {
	case Etcd:
		return []string{
			"--data-dir=" + filepath.Join(c.config.Dir, "etcd"),
			"--listen-client-urls=" + c.etcd, "--advertise-client-urls=" + c.etcd,
			"--listen-peer-urls=" + c.peers, "--initial-advertise-peer-urls=" + c.peers, "--initial-cluster=default=" + c.peers,
			// Data need not survive a crash of the machine.
			"--unsafe-no-fsync", "--log-level=warn",
		}
	case APIServer:
		return c.apiServerFlags()
	case ControllerManager:
		return append(c.clientFlags(name),
			"--root-ca-file="+c.CA(), "--service-account-private-key-file="+c.authority.file("service-accounts.key"),
			"--cluster-signing-cert-file="+c.CA(), "--cluster-signing-key-file="+c.authority.file("ca.key"),
			// Each controller has the permissions of its own role.
			"--use-service-account-credentials",
			"--service-cluster-ip-range="+c.config.ServiceCIDR,
			"--cluster-cidr="+c.config.PodCIDR, fmt.Sprintf("--allocate-node-cidrs=%t", c.config.PodCIDR != ""))
	default:
		return c.clientFlags(name)
	}
}

// clientFlags returns the flags of a client of the API with a single instance and without a server.
func (c *ControlPlane) clientFlags(name string) []string {
	return []string{"--kubeconfig=" + c.kubeconfig(Identity{Name: "system:" + name}), "--leader-elect=false", "--secure-port=0"}
}

func (c *ControlPlane) apiServerFlags() []string {
	pki := c.authority.file
	client := fileName(kubeletClient)
	flags := []string{
		"--etcd-servers=" + c.etcd,
		"--advertise-address=" + c.config.Address, "--bind-address=" + c.config.Address, fmt.Sprintf("--secure-port=%d", c.config.Port),
		"--tls-cert-file=" + pki(APIServer+".crt"), "--tls-private-key-file=" + pki(APIServer+".key"),
		"--client-ca-file=" + c.CA(), "--anonymous-auth=false",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-cluster-ip-range=" + c.config.ServiceCIDR,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki("service-accounts.key"), "--service-account-signing-key-file=" + pki("service-accounts.key"),
		"--kubelet-certificate-authority=" + c.CA(), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + pki(client+".crt"), "--kubelet-client-key=" + pki(client+".key"),
	}
	if address, err := netip.ParseAddr(c.config.Address); err == nil && address.IsLoopback() {
		// The Service "kubernetes" must not have a loopback address as its endpoint.
		flags = append(flags, "--endpoint-reconciler-type=none")
	}
	return flags
}

// patience limits the start of a program: far longer than it takes on a slow machine.
const patience = 10 * time.Minute

// await waits until a started program is ready, if it has a readiness check.
func (c *ControlPlane) await(ctx context.Context, name string) error {
	var ready func(context.Context, *kubernetes.Clientset) error
	switch name {
	case APIServer:
		ready = func(ctx context.Context, client *kubernetes.Clientset) error {
			return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		}
	case ControllerManager:
		// Without this object, no pod is admitted.
		ready = func(ctx context.Context, client *kubernetes.Clientset) error {
			_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
			return err
		}
	default:
		return nil
	}
	config, err := c.Client()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx, client)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.running[name].Done():
			return c.running[name].Err()
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w\n%s", name, err, c.running[name].Tail())
		}
	}
}
