package chart

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lookedUp are the kinds that the chart looks up on a cluster, by API and path.
var lookedUp = map[string]map[string]string{
	"/api/v1":       {"namespaces": "Namespace", "secrets": "Secret", "persistentvolumeclaims": "PersistentVolumeClaim"},
	"/apis/apps/v1": {"statefulsets": "StatefulSet"},

	"/apis/argoproj.io/v1alpha1": {"eventbus": "EventBus"},
}

// upgrade renders an upgrade of an installed release, hooks included; flags are added to the command.
func (r release) upgrade(t *testing.T, flags ...string) ([]cases.Object, error) {
	t.Helper()
	chart, err := r.Chart()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"template", cases.Release, chart, "--is-upgrade", "--dry-run=server", "--kubeconfig", r.serve(t), "--set", "profile=" + r.Profile}
	// Helm 4 would need more APIs.
	out, err := cases.Output(program(t, "helm3"), slices.Concat(args, r.Flags(), flags)...)
	if err != nil {
		return nil, err
	}
	return cases.Decode(out)
}

// serve starts a stand-in for an API server with the objects of the release, and returns a kubeconfig for it.
func (r release) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if kinds, ok := lookedUp[request.URL.Path]; ok {
			list := metav1.APIResourceList{GroupVersion: strings.TrimPrefix(strings.TrimPrefix(request.URL.Path, "/apis/"), "/api/")}
			for path, kind := range kinds {
				list.APIResources = append(list.APIResources, metav1.APIResource{Name: path, Kind: kind, Namespaced: kind != "Namespace"})
			}
			_ = json.NewEncoder(w).Encode(list)
			return
		}
		path, name := filepath.Split(request.URL.Path)
		for _, kinds := range lookedUp {
			for _, o := range r.ofKind(kinds[filepath.Base(path)]) {
				if o.Name() == name {
					_ = json.NewEncoder(w).Encode(o.Content)
					return
				}
			}
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}`)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	kubeconfig := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts: [{name: one, context: {cluster: one, user: one}}]\n"+
		"clusters: [{name: one, cluster: {server: %q}}]\nusers: [{name: one}]\n", server.URL)
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
