package live

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// kube is the API of a cluster: a client, and the programs that users call.
type kube struct {
	kubernetes.Interface
	kubeconfig, kubectl, helm string
}

func newKube(kubeconfig, kubectl, helm string) (*kube, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 50, 100
	config.Timeout = 10 * time.Second // calls end on connections that a stopped API server left open
	client, err := kubernetes.NewForConfig(config)
	return &kube{client, kubeconfig, kubectl, helm}, err
}

// run runs kubectl or helm and returns its standard output; its standard error is in the error.
func (k *kube) run(ctx context.Context, program, stdin string, args ...string) (string, error) {
	cmd := k.command(ctx, program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}

// command is a command of kubectl or helm on this cluster.
func (k *kube) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+k.kubeconfig)
	return cmd
}

// apply applies manifests server-side and overwrites fields that controllers have changed.
func (k *kube) apply(ctx context.Context, namespace, manifests string) error {
	_, err := k.run(ctx, k.kubectl, manifests, "apply", "--server-side", "--force-conflicts", "-n", namespace, "-f", "-")
	return err
}

// get requests a path from a pod's HTTP server through the API server and decodes the answer: text into a *string, otherwise JSON.
func (k *kube) get(ctx context.Context, namespace, pod, port, path string, query map[string]string, into any) error {
	request := k.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").Name("http:" + pod + ":" + port).SubResource("proxy").Suffix(path)
	for key, value := range query {
		request = request.Param(key, value)
	}
	body, err := request.DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("requesting %s from pod %s/%s: %w %s", path, namespace, pod, err, body)
	}
	if text, ok := into.(*string); ok {
		*text = string(body)
		return nil
	}
	return json.Unmarshal(body, into)
}

// pods lists the pods of a namespace that match a label selector.
func (k *kube) pods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	list, err := k.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("listing pods of %s: %w", namespace, err)
	}
	return list.Items, nil
}

// incomplete describes what is missing in a namespace, or returns "" when each workload has all of its pods, ready and of the newest
// revision, each Job is complete, and no pod is Terminating.
func (k *kube) incomplete(ctx context.Context, namespace string) (string, error) {
	deployments, err := k.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, d := range deployments.Items {
		if s, want := d.Status, *d.Spec.Replicas; s.ObservedGeneration < d.Generation || s.Replicas != want || s.UpdatedReplicas != want || s.AvailableReplicas != want {
			return fmt.Sprintf("deployment %s: %d pods, %d updated, %d available, want %d", d.Name, s.Replicas, s.UpdatedReplicas, s.AvailableReplicas, want), nil
		}
	}
	sets, err := k.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, d := range sets.Items {
		if s, want := d.Status, *d.Spec.Replicas; s.ObservedGeneration < d.Generation || s.ReadyReplicas != want || s.CurrentRevision != s.UpdateRevision {
			return fmt.Sprintf("stateful set %s: %d ready, want %d; revision %s, want %s", d.Name, s.ReadyReplicas, want, s.CurrentRevision, s.UpdateRevision), nil
		}
	}
	if len(sets.Items) == 0 || len(deployments.Items) == 0 {
		return "there are no workloads", nil
	}
	daemons, err := k.AppsV1().DaemonSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, d := range daemons.Items {
		if s := d.Status; s.ObservedGeneration < d.Generation || s.UpdatedNumberScheduled != s.DesiredNumberScheduled || s.NumberAvailable != s.DesiredNumberScheduled {
			return fmt.Sprintf("daemon set %s: %d updated, %d available, want %d", d.Name, s.UpdatedNumberScheduled, s.NumberAvailable, s.DesiredNumberScheduled), nil
		}
	}
	jobs, err := k.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, j := range jobs.Items {
		if j.Status.CompletionTime == nil {
			return "job " + j.Name + " is not complete", nil
		}
	}
	pods, err := k.pods(ctx, namespace, "")
	if err != nil {
		return "", err
	}
	for _, p := range pods {
		if p.DeletionTimestamp != nil {
			return "pod " + p.Name + " is Terminating", nil
		}
	}
	return "", nil
}

// until polls missing until it returns "". After the limit the last answer is in the error.
func until(ctx context.Context, limit time.Duration, missing func(context.Context) (string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		what, err := missing(ctx)
		if err == nil && what == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("after %s: %s %v", limit, what, err)
		case <-time.After(300 * time.Millisecond):
		}
	}
}
