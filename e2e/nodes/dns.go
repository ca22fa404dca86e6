package nodes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	"github.com/holdfast-ha/holdfast/e2e/process"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"
)

// startDNS starts CoreDNS at the address of the control plane.
func (c *Cluster) startDNS(context.Context) error {
	kubeconfig, err := c.control.WriteKubeconfig("", controlplane.Identity{Name: "coredns"})
	if err != nil {
		return err
	}
	text, err := render("Corefile", map[string]any{"Master": master, "DNSKubeconfig": kubeconfig})
	if err != nil {
		return err
	}
	file := filepath.Join(c.config.Dir, "Corefile")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	dns, err := process.Start("coredns", c.logs(), c.network.command(context.Background(), []string{c.programs["coredns"], "-conf", file}))
	if err != nil {
		return err
	}
	c.later(dns.Stop)
	return nil
}

// createDNSPod creates the pod that represents the DNS server in NetworkPolicies.
func (c *Cluster) createDNSPod(ctx context.Context) error {
	text, err := render("dns-pod.yaml", map[string]any{"Master": master})
	if err != nil {
		return err
	}
	var pod corev1.Pod
	if err := yaml.UnmarshalStrict([]byte(text), &pod); err != nil {
		return err
	}
	pods, status := c.client.CoreV1().Pods(pod.Namespace), pod.Status
	var created *corev1.Pod
	// Pods are refused until the namespace has its service account.
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		created, err = pods.Create(ctx, &pod, metav1.CreateOptions{})
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("creating the pod of DNS: %w", err)
	}
	created.Status = status
	_, err = pods.UpdateStatus(ctx, created, metav1.UpdateOptions{})
	return err
}
