package control

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestFromNodesToZones: holdfast plan reads from the cluster that two disks share a zone. After the upgrade to multi-zone one server is Pending
// and the others are ready, and the commands of docs/guides/argo-events.md move its disk, so that the rollout ends.
func TestFromNodesToZones(t *testing.T) {
	t.Parallel()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "helm4", "from-nodes-to-zones", profile{}, filepath.Join(repository, "charts", "argo-events"), nil)
	node := func(i int, zone string) cluster.Node {
		return cluster.Node{Name: fmt.Sprintf("%s-%d", r.namespace, i), Zone: zone}
	}
	if err := kube.AddNodes(t.Context(), r.namespace, []cluster.Node{node(0, "a"), node(1, "a"), node(2, "b")}); err != nil {
		t.Fatal(err)
	}
	values := filepath.Join(repository, "values", "webhook.yaml")
	if err := r.deploy("install", "multi-node", values); err != nil {
		t.Fatal(err)
	}
	if err := r.awaitReconciled(true); err != nil {
		t.Fatal(err)
	}
	p, err := plan("--from-release", cases.Release, "-n", r.namespace, "--kubeconfig", kube.Kubeconfig(), "--to", "multi-zone")
	if err != nil {
		t.Fatal(err)
	}
	if p.Verdict != "by-hand" || !strings.Contains(p.Summary, "in zone a") {
		t.Errorf("want by-hand, with two disks in zone a, got %s: %s", p.Verdict, p.Summary)
	}

	// A third zone, without which the profile has no place for the third server.
	if err := kube.AddNodes(t.Context(), r.namespace, []cluster.Node{node(3, "c"), node(4, "b"), node(5, "c")}); err != nil {
		t.Fatal(err)
	}
	if err := r.deploy("upgrade", "multi-zone", values); err != nil {
		t.Fatal(err)
	}
	var blocked string
	err = r.eventually(func() error {
		servers, err := r.servers()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(servers, isUnschedulable)
		others := slices.DeleteFunc(slices.Clone(servers), func(p corev1.Pod) bool { return !isReady(p) })
		if i < 0 || len(others) != 2 {
			return fmt.Errorf("want one server Pending and two ready, %d are ready", len(others))
		}
		blocked = servers[i].Name
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	guide, err := os.ReadFile(filepath.Join(repository, "docs", "guides", "argo-events.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile("(?s)```sh\n(kubectl delete pvc .*?)```").FindSubmatch(guide)
	if commands == nil {
		t.Fatal("the guide has no commands that delete a claim")
	}
	names := strings.NewReplacer("-n events", "-n "+r.namespace, "events-argo-events-bus-1", blocked)
	if err := r.follow([]struct{ Run string }{{names.Replace(string(commands[1]))}}); err != nil {
		t.Fatal(err)
	}
	r.awaitThreeZones(t)
}

// awaitThreeZones waits until the release is settled and each of its three servers is in another zone.
func (r *release) awaitThreeZones(t *testing.T) {
	t.Helper()
	err := r.eventually(func() error {
		if err := r.settled(t.Context()); err != nil {
			return err
		}
		zones, err := r.zones()
		if err == nil && len(slices.Compact(zones)) != 3 {
			err = fmt.Errorf("the servers are in zones %v", zones)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// servers returns the pods of the bus.
func (r *release) servers() ([]corev1.Pod, error) {
	list, err := kube.Kube.CoreV1().Pods(r.namespace).List(r.t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=bus"})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// zones returns the zones of the servers in order.
func (r *release) zones() ([]string, error) {
	servers, err := r.servers()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, p := range servers {
		node, err := kube.Kube.CoreV1().Nodes().Get(r.t.Context(), p.Spec.NodeName, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		all = append(all, node.Labels[corev1.LabelTopologyZone])
	}
	slices.Sort(all)
	return all, nil
}
