package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

// objects are the input of both schedulers, as returned by the API server.
type objects struct {
	Nodes    []*corev1.Node
	Services []*corev1.Service
	Pods     []*corev1.Pod
}

// comparePlacement places the same pods with verify's scheduler and with kube-scheduler without rate limits, and returns the times. There are
// no kubelets.
func comparePlacement(ctx context.Context, dir string, nodes, pods int) (ours, theirs time.Duration, err error) {
	plane, err := controlplane.New(controlplane.Config{Dir: dir, Flags: map[string][]string{
		controlplane.Scheduler: {"--kube-api-qps=10000", "--kube-api-burst=10000"},
	}})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, plane.Close()) }()
	if err := plane.Start(ctx, controlplane.Etcd, controlplane.APIServer); err != nil {
		return 0, 0, err
	}
	config, err := plane.Client()
	if err != nil {
		return 0, 0, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0, 0, err
	}
	all, err := create(ctx, client, nodes, pods)
	if err != nil {
		return 0, 0, err
	}
	if ours, err = place(all); err != nil {
		return 0, 0, err
	}
	theirs, err = bindings(ctx, client, len(all.Pods), func() error { return plane.Start(ctx, controlplane.Scheduler) })
	return ours, theirs, err
}

// place runs the scheduler of verify.
func place(all objects) (time.Duration, error) {
	program, err := binaries.Tool("place")
	if err != nil {
		return 0, err
	}
	in, err := json.Marshal(all)
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("placing the pods: %w", err)
	}
	var result struct {
		Placed  map[string]string
		Seconds float64
	}
	if err := json.Unmarshal(out, &result); err != nil {
		return 0, err
	}
	if len(result.Placed) != len(all.Pods) {
		return 0, fmt.Errorf("placing the pods: only %d of %d are placed", len(result.Placed), len(all.Pods))
	}
	return time.Duration(result.Seconds * float64(time.Second)), nil
}

// bindings starts a scheduler and returns the time from the first binding to the last.
func bindings(ctx context.Context, client *kubernetes.Clientset, pods int, start func() error) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	list, err := client.CoreV1().Pods(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	watch, err := client.CoreV1().Pods(metav1.NamespaceDefault).Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		return 0, err
	}
	defer watch.Stop()
	if err := start(); err != nil {
		return 0, err
	}
	bound := map[string]bool{}
	var first time.Time
	for event := range watch.ResultChan() {
		pod, ok := event.Object.(*corev1.Pod)
		if !ok || pod.Spec.NodeName == "" || bound[pod.Name] {
			continue
		}
		if len(bound) == 0 {
			first = time.Now()
		}
		bound[pod.Name] = true
		if len(bound) == pods {
			return time.Since(first), nil
		}
	}
	return 0, fmt.Errorf("waiting for kube-scheduler: it has bound %d pods of %d (%w)", len(bound), pods, ctx.Err())
}

// create creates nodes in three zones, and apps of four pods with a Service each. Four kinds of placement constraints alternate.
func create(ctx context.Context, client *kubernetes.Clientset, nodes, pods int) (objects, error) {
	var all objects
	core := client.CoreV1()
	if _, err := core.ServiceAccounts(metav1.NamespaceDefault).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}); err != nil {
		return all, err
	}
	for i := range nodes {
		n, err := core.Nodes().Create(ctx, newNode(i), metav1.CreateOptions{})
		if err != nil {
			return all, err
		}
		// The API server taints new nodes as not ready.
		n.Spec.Taints = nil
		if n, err = core.Nodes().Update(ctx, n, metav1.UpdateOptions{}); err != nil {
			return all, err
		}
		all.Nodes = append(all.Nodes, n)
	}
	for i := range pods {
		app, own := fmt.Sprintf("app-%04d", i/4), i%4
		if own == 0 {
			s, err := core.Services(metav1.NamespaceDefault).Create(ctx, &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: app},
				Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": app}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(80)}}},
			}, metav1.CreateOptions{})
			if err != nil {
				return all, err
			}
			all.Services = append(all.Services, s)
		}
		p, err := core.Pods(metav1.NamespaceDefault).Create(ctx, newPod(app, own, i/4), metav1.CreateOptions{})
		if err != nil {
			return all, err
		}
		all.Pods = append(all.Pods, p)
	}
	return all, nil
}

func newNode(i int) *corev1.Node {
	name := fmt.Sprintf("node-%05d", i)
	size := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("16"), corev1.ResourceMemory: resource.MustParse("64Gi"), corev1.ResourcePods: resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name, corev1.LabelTopologyZone: fmt.Sprint("zone-", i%3), corev1.LabelOSStable: "linux"}},
		Status:     corev1.NodeStatus{Capacity: size, Allocatable: size},
	}
}

// newPod returns the i-th pod of an app. The app's number determines its placement constraint.
func newPod(app string, i, number int) *corev1.Pod {
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", app, i), Labels: map[string]string{"app": app}},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken: new(bool),
			Containers: []corev1.Container{{Name: "app", Image: "app", Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
			}}},
		},
	}
	spread := func(key string) {
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selector}}
	}
	switch number % 4 {
	case 1:
		spread(corev1.LabelTopologyZone)
	case 2:
		spread(corev1.LabelHostname)
	case 3:
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: corev1.LabelHostname, LabelSelector: selector}},
		}}
	}
	return p
}

// placementRow returns the row of comparePlacement.
func (b bench) placementRow() (row, error) {
	const nodes, pods = 1000, 1000
	ours, theirs, err := comparePlacement(context.Background(), filepath.Join(b.dir, "cluster"), nodes, pods)
	if err != nil {
		return row{}, err
	}
	return row{"time to place 1,000 pods on 1,000 nodes, holdfast / kube-scheduler", ours.Seconds() / theirs.Seconds(), 0.1, "x",
		fmt.Sprintf("%.2f s / %.2f s", ours.Seconds(), theirs.Seconds())}, nil
}
