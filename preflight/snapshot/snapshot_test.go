package snapshot

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/live"
)

// open returns a cluster whose API server responds to each path with a status code or a text; other lists are empty.
func open(t *testing.T, responses map[string]string) *live.Cluster {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		path := strings.TrimSuffix(r.URL.Path+"?"+r.URL.Query().Get("continue"), "?")
		switch text := responses[path]; text {
		case "403", "404", "500":
			reason := map[string]string{"403": "Forbidden", "404": "NotFound", "500": "InternalError"}[text]
			code, err := strconv.Atoi(text)
			if err != nil {
				t.Error(err)
			}
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": %q, "code": %d}`, reason, code)
		case "":
			fmt.Fprint(w, `{"kind": "List", "apiVersion": "v1", "metadata": {}, "items": [], "major": "1", "minor": "40", "gitVersion": "v1.40.0"}`)
		default:
			fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], clusters: [{name: a, cluster: {server: %q}}], users: [{name: a}]}", server.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := live.Open(file, "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const firstPage = `{"kind": "NodeList", "apiVersion": "v1", "metadata": {"continue": "two"}, "items": [{"metadata": {"name": "b"}}]}`

// TestRead: all pages are read and sorted. What may not be read, or does not exist, is in Unread.
func TestRead(t *testing.T) {
	c := open(t, map[string]string{
		"/api/v1/nodes":                       firstPage,
		"/api/v1/nodes?two":                   `{"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": [{"metadata": {"name": "a"}}]}`,
		"/api/v1/pods":                        "403",
		"/apis/node.k8s.io/v1/runtimeclasses": "404",
	})
	s, err := Read(t.Context(), c, []Resource{Nodes, Pods, RuntimeClasses, Budgets}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Nodes) != 2 || s.Nodes[0].Name != "a" || s.Version != "v1.40.0" {
		t.Errorf("nodes %v, version %s", s.Nodes, s.Version)
	}
	if len(s.Unread) != 2 || s.Unread[Pods] != NoPermission || !strings.Contains(s.Unread[RuntimeClasses], "does not have") {
		t.Errorf("unread %v", s.Unread)
	}
}

// TestReadFails: any other error ends the reading. A list without its last page is no list.
func TestReadFails(t *testing.T) {
	for name, responses := range map[string]map[string]string{
		"list":      {"/api/v1/nodes": "500"},
		"last page": {"/api/v1/nodes": firstPage, "/api/v1/nodes?two": "500"},
		"version":   {"/version": "500"},
		"wrong":     {"/api/v1/nodes": `{"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": [{"metadata": {"name": "a"}, "spec": {"unschedulable": "perhaps"}}]}`},
	} {
		if _, err := Read(t.Context(), open(t, responses), []Resource{Nodes}, nil); !errors.Is(err, live.ErrCluster) {
			t.Errorf("%s: got %v, want ErrCluster", name, err)
		}
	}
	s, err := Read(t.Context(), open(t, map[string]string{"/api/v1/nodes": firstPage, "/api/v1/nodes?two": "403"}), []Resource{Nodes}, nil)
	if err != nil || len(s.Nodes) > 0 || s.Unread[Nodes] != NoPermission {
		t.Errorf("a forbidden last page: %v, %v, %v", s.Nodes, s.Unread, err)
	}
}

// TestSources: each resource is in the list of its own kind.
func TestSources(t *testing.T) {
	kinds := map[string]bool{}
	for r, from := range sources {
		group, name := r.Group()
		if key := group + "/" + from.kind; kinds[key] || name != strings.ToLower(name) || !strings.HasPrefix(name, strings.ToLower(from.kind)[:3]) {
			t.Errorf("%s has the kind %s", r, from.kind)
		} else {
			kinds[key] = true
		}
	}
}
