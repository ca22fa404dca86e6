package preflight

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-ha/holdfast/preflight/checks"
	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// TestPermissions: the printed ClusterRole has exactly the permissions that preflight uses, and without all of them every check is
// unknown.
func TestPermissions(t *testing.T) {
	t.Run("cluster", func(t *testing.T) { testPermissions(t, nil) })
	objects, err := manifest.Parse("m.yaml", []byte("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: x}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}}"))
	if err != nil {
		t.Fatal(err)
	}
	i, err := snapshot.NewInstallation(objects)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("installation", func(t *testing.T) { testPermissions(t, i) })
}

func testPermissions(t *testing.T, installation *snapshot.Installation) {
	var mu sync.Mutex
	var used []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if r.URL.Path == "/version" {
			fmt.Fprint(w, `{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}`)
			return
		}
		if r.URL.Path == "/apis/apps/v1" { // what every account may read
			fmt.Fprint(w, `{"kind": "APIResourceList", "resources": [{"name": "deployments", "kind": "Deployment"}]}`)
			return
		}
		parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // api/v1/RESOURCE or apis/GROUP/v1/RESOURCE
		group := ""
		if parts[0] == "apis" {
			group = parts[1]
		}
		mu.Lock()
		used = append(used, group+"/"+parts[len(parts)-1]+" list")
		mu.Unlock()
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}`)
	}))
	defer server.Close()
	r, err := Run(t.Context(), open(t, server.URL), Options{Installation: installation})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.Status != checks.Unknown && c.ID != "install-kinds" {
			t.Errorf("%s is %s without permissions", c.ID, c.Status)
		}
	}
	if r.Passed || len(r.Unread) != len(used) {
		t.Errorf("passed %v, unread %v", r.Passed, r.Unread)
	}

	var text bytes.Buffer
	if err := WriteRBAC(&text, installation != nil); err != nil {
		t.Fatal(err)
	}
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict(text.Bytes(), &role); err != nil {
		t.Fatalf("%v in\n%s", err, text.String())
	}
	var granted []string
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			granted = append(granted, rule.APIGroups[0]+"/"+resource+" "+strings.Join(rule.Verbs, ","))
		}
	}
	slices.Sort(used)
	slices.Sort(granted)
	if !slices.Equal(used, granted) {
		t.Errorf("used\n%s\ngranted\n%s", strings.Join(used, "\n"), strings.Join(granted, "\n"))
	}
}

// TestAccept: accepted checks do not count, and all others do.
func TestAccept(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"major": "1", "minor": "36", "gitVersion": "v1.36.3", "kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}`)
	}))
	defer server.Close()
	c := open(t, server.URL)
	r, err := Run(t.Context(), c, Options{})
	if err != nil || r.Passed {
		t.Fatalf("an empty cluster: passed %v, %v", r.Passed, err)
	}
	var bad []string
	for _, one := range r.Checks {
		if one.Status.Worse(checks.Warn) {
			bad = append(bad, one.ID)
		}
	}
	for i := range bad {
		r, err := Run(t.Context(), c, Options{Accept: slices.Delete(slices.Clone(bad), i, i+1)})
		if err != nil || r.Passed {
			t.Errorf("without accepting %s: passed %v, %v", bad[i], r.Passed, err)
		}
	}
	if r, err = Run(t.Context(), c, Options{Accept: bad}); err != nil || !r.Passed {
		t.Errorf("accepting %v: passed %v, %v", bad, r.Passed, err)
	}
	// As many failures as checks that count.
	for accepted := range bad {
		r, err := Run(t.Context(), c, Options{Accept: bad[:accepted]})
		var text bytes.Buffer
		if err != nil || r.WriteJUnit(&text) != nil {
			t.Fatal(err)
		}
		var suite junitSuite
		if err := xml.Unmarshal(text.Bytes(), &suite); err != nil || suite.Failures != len(bad)-accepted || strings.Count(text.String(), "<failure ") != suite.Failures || suite.Tests != len(r.Checks) {
			t.Errorf("%d accepted of %d: %d failures, %v\n%s", accepted, len(bad), suite.Failures, err, text.String())
		}
	}
	if _, err := Run(t.Context(), c, Options{Accept: []string{"budgts"}}); err == nil || !strings.Contains(err.Error(), "did you mean budgets?") {
		t.Errorf("an unknown check: %v", err)
	}
}

func open(t *testing.T, url string) *live.Cluster {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], clusters: [{name: a, cluster: {server: %q}}], users: [{name: a}]}", url)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := live.Open(file, "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
