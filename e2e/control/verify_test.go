package control

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TestVerifyLive: holdfast verify reads all workloads of a live cluster once. With fewer permissions it lists the unreadable kinds, or fails.
func TestVerifyLive(t *testing.T) {
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(c cases.Case) bool { return c.Name == "web-multi-zone" })
	if i < 0 {
		t.Fatal("case web-multi-zone not found")
	}
	chart, err := all[i].Chart()
	if err != nil {
		t.Fatal(err)
	}
	p, err := readProfile(all[i].Profile)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helms[0], "verify-live", p, chart, []map[string]string{nil})
	if err := r.deploy("install", all[i].Profile, all[i].Values); err != nil {
		t.Fatal(err)
	}
	if err := r.eventually(func() error { return r.settled(t.Context()) }); err != nil {
		t.Fatal(err)
	}
	workloads, err := r.workloads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, w := range workloads {
		want[w.kind+" "+r.namespace+"/"+w.name] = int(w.replicas)
	}
	t.Run("all", func(t *testing.T) {
		got, warnings := verifyLive(t, kube.Kubeconfig(), r.namespace)
		compareWorkloads(t, got, want)
		if warnings != "" {
			t.Errorf("unexpected warnings: %s", warnings)
		}
	})
	t.Run("viewer", func(t *testing.T) {
		got, warnings := verifyLive(t, r.kubeconfigOf(t, "viewer", "view"), r.namespace, "--nodes", "3")
		compareWorkloads(t, got, want)
		for _, kind := range []string{"rolebindings.rbac.authorization.k8s.io", "storageclasses.storage.k8s.io"} {
			if !strings.Contains(warnings, kind) {
				t.Errorf("no warning that %s could not be read: %s", kind, warnings)
			}
		}
	})
	t.Run("no permissions", func(t *testing.T) {
		var stderr bytes.Buffer
		cmd := exec.Command(string(holdfast), "verify", "--kubeconfig", r.kubeconfigOf(t, "nobody", ""), "-n", r.namespace)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != 3 || len(out) > 0 || !strings.Contains(stderr.String(), "no permission to list deployments.apps, statefulsets.apps, ") {
			t.Errorf("%v\n%s%s", err, out, stderr.String())
		}
	})
}

// verifyLive runs holdfast verify on a cluster, and returns the number of pods of each workload, and its warnings.
func verifyLive(t *testing.T, kubeconfig, namespace string, flags ...string) (map[string]int, string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(string(holdfast), append([]string{"verify", "--kubeconfig", kubeconfig, "-n", namespace, "-o", "json"}, flags...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code > 1 {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var report struct {
		Workloads []struct {
			Name string
			Pods int
		}
		Unsupported []string `json:"notJudged"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Unsupported) > 0 {
		t.Errorf("unsupported kinds: %v", report.Unsupported)
	}
	pods := map[string]int{}
	for _, w := range report.Workloads {
		pods[w.Name] = w.Pods
	}
	return pods, stderr.String()
}

// compareWorkloads: both have the same workloads and numbers of pods, except DaemonSets, which also count the nodes of other tests.
func compareWorkloads(t *testing.T, got, want map[string]int) {
	t.Helper()
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Fatalf("got %v, want %v", g, w)
	}
	for name, pods := range want {
		if got[name] != pods && !strings.HasPrefix(name, "DaemonSet ") {
			t.Errorf("%s: %d pods, want %d", name, got[name], pods)
		}
	}
	t.Logf("%v", got)
}

// kubeconfigOf creates a ServiceAccount and returns a kubeconfig file for it. Unless role is "", the account has that ClusterRole in the namespace
// of the release.
func (r *release) kubeconfigOf(t *testing.T, account, role string) string {
	t.Helper()
	ctx := t.Context()
	if _, err := kube.Kube.CoreV1().ServiceAccounts(r.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if role != "" {
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: account},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: r.namespace}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		}
		if _, err := kube.Kube.RbacV1().RoleBindings(r.namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	token, err := kube.Kube.CoreV1().ServiceAccounts(r.namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(kube.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token.Status.Token}
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}
