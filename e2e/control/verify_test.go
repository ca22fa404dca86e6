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

// TestVerifyLive: holdfast verify reads what runs on a cluster, all of it and each thing once; and with less than all rights it
// says what it did not see, or nothing.
func TestVerifyLive(t *testing.T) {
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(c cases.Case) bool { return c.Name == "web-multi-zone" })
	if i < 0 {
		t.Fatal("there is no case web-multi-zone")
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
		got, complaints := verifyLive(t, kube.Kubeconfig(), r.namespace)
		compareWorkloads(t, got, want)
		if complaints != "" {
			t.Errorf("it complains: %s", complaints)
		}
	})
	t.Run("viewer", func(t *testing.T) {
		got, complaints := verifyLive(t, r.kubeconfigOf(t, "viewer", "view"), r.namespace, "--nodes", "3")
		compareWorkloads(t, got, want)
		for _, kind := range []string{"rolebindings.rbac.authorization.k8s.io", "storageclasses.storage.k8s.io"} {
			if !strings.Contains(complaints, kind) {
				t.Errorf("it does not say that it did not see %s: %s", kind, complaints)
			}
		}
	})
	t.Run("nobody", func(t *testing.T) {
		var complaint bytes.Buffer
		cmd := exec.Command(string(holdfast), "verify", "--kubeconfig", r.kubeconfigOf(t, "nobody", ""), "-n", r.namespace)
		cmd.Stderr = &complaint
		out, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != 3 || len(out) > 0 || !strings.Contains(complaint.String(), "you may not list deployments.apps, statefulsets.apps, ") {
			t.Errorf("%v\n%s%s", err, out, complaint.String())
		}
	})
}

// verifyLive runs holdfast verify on a cluster, and returns the pods of each workload, and what it complains of.
func verifyLive(t *testing.T, kubeconfig, namespace string, flags ...string) (map[string]int, string) {
	t.Helper()
	var complaints bytes.Buffer
	cmd := exec.Command(string(holdfast), append([]string{"verify", "--kubeconfig", kubeconfig, "-n", namespace, "-o", "json"}, flags...)...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code > 1 {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	var report struct {
		Workloads []struct {
			Name string
			Pods int
		}
		NotJudged []string
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.NotJudged) > 0 {
		t.Errorf("not judged are %v", report.NotJudged)
	}
	pods := map[string]int{}
	for _, w := range report.Workloads {
		pods[w.Name] = w.Pods
	}
	return pods, complaints.String()
}

// compareWorkloads: both have the same workloads, and those that are counted the same pods; a DaemonSet has more where there
// are nodes of others.
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

// kubeconfigOf makes an account that has a cluster role in the namespace of the release, or none, and a kubeconfig of it.
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
