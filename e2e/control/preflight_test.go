package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// preflightReport is the part of the report that the test reads.
type preflightReport struct {
	Checks []struct {
		ID, Status string
		Findings   []struct{ Status, Object, Message string }
	}
	Unread []struct{ Resource, Reason string }
}

// has reports whether a check has a finding whose text "STATUS OBJECT: MESSAGE" begins like this.
func (r preflightReport) has(check, finding string) bool {
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if c.ID == check && strings.HasPrefix(fmt.Sprintf("%s %s: %s", f.Status, f.Object, f.Message), finding) {
				return true
			}
		}
	}
	return false
}

// status is the status of a check, "" if it has not run.
func (r preflightReport) status(check string) string {
	for _, c := range r.Checks {
		if c.ID == check {
			return c.Status
		}
	}
	return ""
}

// TestPreflight: holdfast preflight reads a real API server with the permissions of its own ClusterRole, and finds what is wrong. Other tests share
// the cluster, so only the objects of this test count.
func TestPreflight(t *testing.T) {
	ctx := t.Context()
	const namespace = "preflight"
	if err := kube.Namespace(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	small := corev1.ResourceList{corev1.ResourceCPU: quantity.MustParse("2"), corev1.ResourceMemory: quantity.MustParse("4Gi"), corev1.ResourcePods: quantity.MustParse("20")}
	var nodes []cluster.Node
	for _, zone := range []string{"a", "b", "c"} {
		nodes = append(nodes, cluster.Node{Name: namespace + "-" + zone, Zone: namespace + "-" + zone, Size: small})
	}
	if err := kube.AddNodes(ctx, namespace, nodes); err != nil {
		t.Fatal(err)
	}
	replicas, own := int32(3), map[string]string{"app": "web"}
	web := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.DeploymentSpec{
		Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: own},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: own}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "web", Image: "example.org/web:1", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: quantity.MustParse("1500m")}},
		}}}},
	}}
	if _, err := kube.Kube.AppsV1().Deployments(namespace).Create(ctx, web, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	none := intstr.FromInt32(0)
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &none, Selector: web.Spec.Selector}}
	if _, err := kube.Kube.PolicyV1().PodDisruptionBudgets(namespace).Create(ctx, budget, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	err := cluster.Eventually(ctx, 5*time.Minute, func() error {
		b, err := kube.Kube.PolicyV1().PodDisruptionBudgets(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err == nil && b.Status.CurrentHealthy != replicas {
			err = fmt.Errorf("%d of %d pods are healthy", b.Status.CurrentHealthy, replicas)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	out, err := exec.Command(string(holdfast), "preflight", "--print-rbac", "--profile", "multi-zone", "web").Output()
	if err != nil {
		t.Fatal(err)
	}
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict(out, &role); err != nil {
		t.Fatal(err)
	}
	if _, err := kube.Kube.RbacV1().ClusterRoles().Create(ctx, &role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: "reader", Namespace: namespace}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
	}
	if _, err := kube.Kube.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}

	accounts := &release{t: t, namespace: namespace}
	readerConfig := accounts.kubeconfigOf(t, "reader", "")
	r := preflight(t, readerConfig)
	if len(r.Unread) > 0 {
		t.Errorf("with its ClusterRole, preflight could not read %v", r.Unread)
	}
	for check, finding := range map[string]string{
		"budgets":     "fail PodDisruptionBudget preflight/web: never allows an eviction: it requires 3 of 3 pods",
		"capacity":    "fail zone preflight-a: when it fails, 1 pod cannot be placed on the other nodes, such as preflight/web-",
		"api-servers": "warn : one API server",
	} {
		if !r.has(check, finding) {
			t.Errorf("%s: not found: %s\n%+v", check, finding, r)
		}
	}
	if r.has("nodes-ready", "fail Node preflight-") || r.has("node-zones", "fail Node preflight-") {
		t.Errorf("false alarms: %+v", r)
	}

	// The kinds and classes of the example system are those of Kubernetes.
	r = preflight(t, accounts.kubeconfigOf(t, "installer", ""), "--profile", "multi-zone", "web")
	if r.status("install-kinds") != "ok" || r.status("install-classes") != "unknown" {
		t.Errorf("an account without permissions: kinds %s, classes %s", r.status("install-kinds"), r.status("install-classes"))
	}
	r = preflight(t, readerConfig, "--profile", "multi-zone", "web")
	if r.status("install-kinds") != "ok" || r.status("install-classes") != "ok" || len(r.Unread) > 0 {
		t.Errorf("the example system: %+v", r)
	}

	r = preflight(t, accounts.kubeconfigOf(t, "stranger", ""))
	for _, c := range r.Checks {
		if c.Status != "unknown" {
			t.Errorf("without permissions, %s is %s", c.ID, c.Status)
		}
	}
}

// preflight runs holdfast preflight, which must find something, and returns its report.
func preflight(t *testing.T, kubeconfig string, more ...string) (r preflightReport) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(string(holdfast), append([]string{"preflight", "--kubeconfig", kubeconfig, "-o", "json"}, more...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit code %d (%v)\n%s", code, err, stderr.String())
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", out)
	return r
}
