package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// release NAME NAMESPACE STATUS VALUES MANIFEST [FOLDER]: an API server with one release of the chart argo-events, as Helm stores it, and with
// the lists of a folder; its kubeconfig is in the file kubeconfig. The content of a release with the status broken is invalid. A write request
// gets an error.
func serveRelease(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 && len(args) != 6 {
		ts.Fatalf("usage: release NAME NAMESPACE STATUS VALUES MANIFEST [FOLDER]")
	}
	folder := ts.MkAbs(append(args, "none")[5])
	name, namespace, status := args[0], args[1], args[2]
	var config map[string]any
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[3])), &config))
	packed, err := pack(map[string]any{
		"name": name, "namespace": namespace, "version": 3, "info": map[string]any{"status": status}, "config": config, "manifest": ts.ReadFile(args[4]),
		"chart": map[string]any{"metadata": map[string]any{"name": "argo-events", "version": "0.1.0"}, "values": map[string]any{"profile": "single-node"}},
	})
	ts.Check(err)
	if status == "broken" {
		packed, status = base64.StdEncoding.EncodeToString([]byte("no release")), "deployed"
	}
	own := labels.Set{"name": name, "owner": "helm", "status": status, "version": "3"}
	secret := map[string]any{
		"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"release": packed},
		"metadata": map[string]any{"name": "sh.helm.release.v1." + name + ".v3", "namespace": namespace, "labels": own},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method != http.MethodGet:
			http.Error(w, "want read requests only", http.StatusTeapot)
		case r.URL.Path == "/version":
			fmt.Fprint(w, `{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}`)
		case strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/forbidden/"):
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "secrets is forbidden"}`)
		case serveList(w, folder, r.URL.Path):
		default:
			items := []any{}
			selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
			if err == nil && r.URL.Path == "/api/v1/namespaces/"+namespace+"/secrets" && selector.Matches(own) {
				items = append(items, secret)
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": "v1", "kind": "SecretList", "metadata": map[string]any{}, "items": items})
		}
	}))
	writeKubeconfig(ts, server)
}

// writeKubeconfig writes the file kubeconfig with a context in the namespace events.
func writeKubeconfig(ts *testscript.TestScript, server *httptest.Server) {
	ts.Defer(server.Close)
	kubeconfig := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts: [{name: one, context: {cluster: one, user: one, namespace: events}}]\n"+
		"clusters: [{name: one, cluster: {server: %q}}]\nusers: [{name: one}]\n", server.URL)
	ts.Check(os.WriteFile(ts.MkAbs("kubeconfig"), []byte(kubeconfig), 0o600))
}

// cluster FOLDER: an API server with the lists in the files of a folder, named PATH.yaml; its kubeconfig is in the file
// kubeconfig. A list without a file is empty, one with an empty file is forbidden. The version is 1.36 without the file
// version.yaml. A write request gets an error.
func serveLists(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cluster FOLDER")
	}
	folder := ts.MkAbs(args[0])
	writeKubeconfig(ts, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method != http.MethodGet:
			http.Error(w, "want read requests only", http.StatusTeapot)
		case serveList(w, folder, r.URL.Path):
		case r.URL.Path == "/version":
			fmt.Fprint(w, `{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}`)
		default:
			fmt.Fprint(w, `{"apiVersion": "v1", "kind": "List", "metadata": {}, "items": []}`)
		}
	})))
}

// serveList writes the list in a file of a folder, and reports whether there is one. A list with an empty file is forbidden.
func serveList(w http.ResponseWriter, folder, path string) bool {
	text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)+".yaml"))
	if err != nil {
		return false
	}
	if len(bytes.TrimSpace(text)) == 0 {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "%s is forbidden"}`, filepath.Base(path))
		return true
	}
	list, err := yaml.YAMLToJSON(text)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(list)
	return true
}

// pack encodes a release as in Helm's Secrets.
func pack(release map[string]any) (string, error) {
	text, err := json.Marshal(release)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(text); err != nil {
		return "", err
	}
	if err := zip.Close(); err != nil {
		return "", err
	}
	inner := base64.StdEncoding.EncodeToString(packed.Bytes())
	return base64.StdEncoding.EncodeToString([]byte(inner)), nil
}
