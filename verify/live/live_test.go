package live

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// open returns a cluster whose API server responds to each path with the given text. The texts "403" and "500" are status
// codes; a path without text is 404. Any request but GET fails the test.
func open(t *testing.T, responses map[string]string) *Cluster {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		path := r.URL.Path
		if next := r.URL.Query().Get("continue"); next != "" {
			path += "?" + next
		}
		w.Header().Set("Content-Type", "application/json")
		code, reason := 0, ""
		switch text, ok := responses[path]; {
		case !ok:
			code, reason = http.StatusNotFound, "NotFound"
		case text == "403":
			code, reason = http.StatusForbidden, "Forbidden"
		case text == "500":
			code, reason = http.StatusInternalServerError, "InternalError"
		default:
			fmt.Fprint(w, text)
			return
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": %q, "code": %d}`, reason, code)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a, namespace: own}}], clusters: [{name: a, cluster: {server: %q}}], users: [{name: a}]}", server.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(file, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Namespace() != "own" {
		t.Errorf("the namespace is %q", c.Namespace())
	}
	return c
}

// list is the list response of the API server: its items have neither apiVersion nor kind.
func list(kind, version, items, next string) string {
	return fmt.Sprintf(`{"kind": "%sList", "apiVersion": %q, "metadata": {"continue": %q}, "items": [%s]}`, kind, version, next, items)
}

func TestNodes(t *testing.T) {
	c := open(t, map[string]string{
		"/api/v1/nodes":      list("Node", "v1", `{"metadata": {"name": "b", "labels": {"topology.kubernetes.io/zone": "z"}}, "spec": {"unschedulable": true}}`, "two"),
		"/api/v1/nodes?two":  list("Node", "v1", `{"metadata": {"name": "c"}}`, "last"),
		"/api/v1/nodes?last": list("Node", "v1", `{"metadata": {"name": "a"}}`, ""),
	})
	got, err := c.Nodes(t.Context())
	if err != nil || len(got.Nodes) != 3 || got.Nodes[0].Name != "a" || !got.Nodes[1].Spec.Unschedulable || !slices.Equal(got.Zones(), []string{"z"}) {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := open(t, nil).Nodes(t.Context()); !errors.Is(err, ErrCluster) {
		t.Errorf("nodes not found: got %v, want ErrCluster", err)
	}
}

func TestObjects(t *testing.T) {
	owned := func(name, version, kind string) string {
		return fmt.Sprintf(`{"metadata": {"name": %q, "namespace": "own", "ownerReferences": [{"apiVersion": %q, "kind": %q, "name": "x", "uid": "u", "controller": true}]}, "spec": {"nodeName": "n1", "containers": [{"name": "c"}]}}`, name, version, kind)
	}
	pods := []string{
		owned("of-set", "apps/v1", "ReplicaSet"), owned("of-job", "batch/v1", "Job"), owned("of-sensor", "argoproj.io/v1alpha1", "Sensor"), owned("of-node", "v1", "Node"),
		owned("of-operator", "example.com/v1", "Database"), owned("of-namesake", "example.com/v1", "ReplicaSet"),
		`{"metadata": {"name": "unmanaged", "namespace": "own", "managedFields": [{"manager": "m"}]}, "spec": {"containers": []}}`,
		`{"metadata": {"name": "done", "namespace": "own"}, "status": {"phase": "Succeeded"}}`,
		`{"metadata": {"name": "terminating", "namespace": "own", "deletionTimestamp": "2026-01-01T00:00:00Z"}}`,
	}
	jobs := []string{
		`{"metadata": {"name": "runs", "namespace": "own"}, "status": {"conditions": [{"type": "Suspended", "status": "True"}]}}`,
		`{"metadata": {"name": "failed", "namespace": "own"}, "status": {"conditions": [{"type": "Failed", "status": "True"}]}}`,
	}
	responses := map[string]string{
		"/api/v1/namespaces/own/pods":                                         list("Pod", "v1", strings.Join(pods, ","), ""),
		"/apis/batch/v1/namespaces/own/jobs":                                  list("Job", "batch/v1", strings.Join(jobs, ","), ""),
		"/apis/storage.k8s.io/v1/storageclasses":                              list("StorageClass", "storage.k8s.io/v1", `{"metadata": {"name": "fast"}}`, ""),
		"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": "403",
		"/apis/apps/v1/namespaces/own/deployments":                            list("Deployment", "apps/v1", "", ""),
		"/apis/rbac.authorization.k8s.io/v1/namespaces/own/roles":             "403",
		"/apis/argoproj.io/v1alpha1/namespaces/own/sensors":                   "403",
		"/apis/rbac.authorization.k8s.io/v1/clusterroles":                     "403",
		"/apis/apps/v1/namespaces/other/deployments":                          list("Deployment", "apps/v1", "", ""),
		"/api/v1/pods": list("Pod", "v1", pods[5], ""),
		"/apis/apps/v1/namespaces/forbidden/statefulsets":              "403",
		"/apis/policy/v1/namespaces/forbidden/poddisruptionbudgets":    "403",
		"/apis/networking.k8s.io/v1/namespaces/broken/networkpolicies": "500",
	}
	c := open(t, responses)
	objects, skipped, err := c.Objects(t.Context(), "own")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.String()+" "+o.APIVersion)
	}
	if want := []string{"Job own/runs batch/v1", "Pod own/of-set v1", "Pod own/of-job v1", "Pod own/of-sensor v1", "Pod own/of-node v1", "Pod own/of-operator v1", "Pod own/of-namesake v1", "Pod own/unmanaged v1", "StorageClass fast storage.k8s.io/v1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []string{"sensors.argoproj.io", "roles.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io"}; !slices.Equal(skipped, want) {
		t.Errorf("skipped %q, want %q", skipped, want)
	}
	// Pods whose controller is listed as well have no containers.
	for i, containers := range map[int]int{1: 0, 2: 0, 3: 1, 5: 1, 6: 1} {
		var p corev1.Pod
		if err := objects[i].Decode(&p); err != nil || p.Spec.NodeName != "n1" || len(p.Spec.Containers) != containers {
			t.Errorf("%s: %+v %v", objects[i], p.Spec, err)
		}
	}
	// Lines are those of kubectl get -o yaml: apiVersion, kind, metadata, name.
	if at := objects[7].At("metadata", "name"); at != "live/own/pods/unmanaged:4" {
		t.Errorf("the pod's name is at %s", at)
	}
	if objects, _, err := c.Objects(t.Context(), ""); err != nil || len(objects) != 2 {
		t.Errorf("all namespaces: %v %v", objects, err)
	}
	for namespace, want := range map[string]string{
		"forbidden": "no permission to list statefulsets.apps, poddisruptionbudgets.policy in namespace forbidden",
		"broken":    "listing networkpolicies.networking.k8s.io: ",
	} {
		if _, _, err := c.Objects(t.Context(), namespace); !errors.Is(err, ErrCluster) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", namespace, err, want)
		}
	}
}

// TestKinds: every kind of workload is listed, and no version of one twice.
func TestKinds(t *testing.T) {
	seen := map[schema.GroupVersionResource]bool{}
	for _, k := range kinds {
		if seen[k.GroupVersionResource] {
			t.Errorf("%s is listed twice", k)
		}
		seen[k.GroupVersionResource] = true
	}
	for _, name := range []string{workload.Deployment, workload.StatefulSet, workload.DaemonSet, workload.ReplicaSet, workload.Job, workload.Pod} {
		if !slices.ContainsFunc(kinds, func(k kind) bool { return k.name == name }) {
			t.Errorf("%s is not listed", name)
		}
	}
}
