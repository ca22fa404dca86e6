package kustomize

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
)

// TestPatch checks that newPatch returns the smallest patch that Kustomize supports.
func TestPatch(t *testing.T) {
	const pod = "spec:\n  template:\n    spec:\n"
	for _, c := range []struct{ name, kind, from, to, want string }{
		{"a number", "apps/v1 Deployment", "spec:\n  replicas: 1\n  paused: true\n", "spec:\n  replicas: 3\n  paused: true\n", "spec:\n  replicas: 3\n"},
		{"style only", "apps/v1 Deployment", "spec:\n  replicas: 1\n  paused: true\n", "spec: {paused: true, replicas: 1}\n", ""},
		{"a removed field", "apps/v1 Deployment", "spec:\n  replicas: 1\n  paused: true\n", "spec:\n  replicas: 1\n", "spec:\n  paused: null\n"},
		{"a list that Kubernetes replaces", "apps/v1 Deployment",
			pod + "      tolerations:\n        - key: a\n        - key: b\n",
			pod + "      tolerations:\n        - key: b\n",
			pod + "      tolerations:\n        - key: b\n"},
		{"a variable added between others", "apps/v1 Deployment",
			pod + "      containers:\n        - name: app\n          image: app:1\n          env:\n            - name: A\n              value: a\n            - name: C\n              value: c\n",
			pod + "      containers:\n        - name: app\n          image: app:1\n          env:\n            - name: A\n              value: a\n            - name: B\n              value: b\n            - name: C\n              value: c\n",
			pod + "      containers:\n        - name: app\n          env:\n            - name: A\n            - name: B\n              value: b\n"},
		{"a removed volume", "apps/v1 Deployment",
			pod + "      volumes:\n        - name: tmp\n          emptyDir: {}\n        - name: data\n          emptyDir: {}\n",
			pod + "      volumes:\n        - name: data\n          emptyDir: {}\n",
			pod + "      volumes:\n        - name: tmp\n          $patch: delete\n"},
		{"another type of volume", "apps/v1 Deployment",
			pod + "      volumes:\n        - name: tmp\n          emptyDir: {}\n",
			pod + "      volumes:\n        - name: tmp\n          configMap:\n            name: a\n",
			pod + "      volumes:\n        - name: tmp\n          configMap:\n            name: a\n          emptyDir: null\n"},
		{"a list of a custom resource", "example.org/v1 Thing",
			"spec:\n  env:\n    - name: A\n    - name: B\n",
			"spec:\n  env:\n    - name: A\n    - name: C\n",
			"spec:\n  env:\n    - name: A\n    - name: C\n"},
		{"an annotation", "example.org/v1 Thing", "spec: {}\n", "  annotations:\n    a: b\nspec: {}\n", "  annotations:\n    a: b\n"},
		{"comments of the new object", "v1 ConfigMap", "data:\n  a: b\n", "data:\n  # Why.\n  a: c\n", "data:\n  # Why.\n  a: c\n"},
		{"a multi-line string", "v1 ConfigMap", "data:\n  a: |\n    one\n", "data:\n  a: |\n    one\n    two\n", "data:\n  a: |\n    one\n    two\n"},
		// A strategic merge cannot set null: there null removes the field.
		{"null as a value", "example.org/v1 Thing", "spec:\n  log: {}\n", "spec:\n  log: null\n", "- op: replace\n  path: /spec/log\n  value: null\n"},
		{"null and an escaped key", "example.org/v1 Thing", "spec:\n  a/b~c: 1\n", "spec:\n  a/b~c: null\n", "- op: replace\n  path: /spec/a~1b~0c\n  value: null\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := named(t, c.kind, c.from), named(t, c.kind, c.to)
			got, err := newPatch(from, to)
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want != "" && !strings.HasPrefix(want, "- op") {
				want = named(t, c.kind, want).Text
			}
			if got.text != want {
				t.Errorf("got\n%s\nwant\n%s", got.text, want)
			}
			if got.targeted != strings.HasPrefix(want, "- op") {
				t.Errorf("targeted is %v", got.targeted)
			}
		})
	}
}

// named returns an object with the name a. Its text may begin with further metadata.
func named(t *testing.T, kind, text string) object {
	t.Helper()
	version, kind, _ := strings.Cut(kind, " ")
	objects, err := manifest.Split("test.yaml", "apiVersion: "+version+"\nkind: "+kind+"\nmetadata:\n  name: a\n"+text)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects (%v)", len(objects), err)
	}
	o, err := newObject(objects[0], "argo")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestPlain checks that Helm's fields, their comments and the namespace of the release are removed, and nothing else.
func TestPlain(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"labels",
			"kind: A\nmetadata:\n  name: a\n  labels:\n    app: a\n    app.kubernetes.io/managed-by: Helm\n    helm.sh/chart: a-1\nspec: {}\n",
			"kind: A\nmetadata:\n  name: a\n  labels:\n    app: a\nspec: {}\n"},
		{"managed by another tool",
			"metadata:\n  labels:\n    app.kubernetes.io/managed-by: me\n",
			"metadata:\n  labels:\n    app.kubernetes.io/managed-by: me\n"},
		{"the only annotation and its comment",
			"metadata:\n  annotations:\n    # Helm keeps it.\n    helm.sh/resource-policy: keep\n  name: a\n",
			"metadata:\n  name: a\n"},
		{"a multi-line annotation",
			"metadata:\n  annotations:\n    helm.sh/note: |\n      # a\n      b: c\n    # Mine.\n    mine: |\n      # d\n      helm.sh/e: f\n",
			"metadata:\n  annotations:\n    # Mine.\n    mine: |\n      # d\n      helm.sh/e: f\n"},
		{"the namespace of the release", "metadata:\n  namespace: \"argo\"\n  name: a\n", "metadata:\n  name: a\n"},
		{"another namespace", "metadata:\n  namespace: other\n  name: a\n", "metadata:\n  namespace: other\n  name: a\n"},
		{"the same keys elsewhere",
			"metadata:\n  name: a\nspec:\n  labels:\n    helm.sh/chart: a\n  namespace: argo\ndata:\n  a: |\n    metadata:\n      labels:\n        helm.sh/chart: a\n",
			"metadata:\n  name: a\nspec:\n  labels:\n    helm.sh/chart: a\n  namespace: argo\ndata:\n  a: |\n    metadata:\n      labels:\n        helm.sh/chart: a\n"},
		{"no labels", "metadata:\n  labels: {}\n  name: a\n", "metadata:\n  labels: {}\n  name: a\n"},
		{"comments everywhere", "# a\n\nkind: A\n# b\nmetadata:\n  # c\n  name: a\n# d\n  labels:\n    app: a\n# e\n", "# a\n\nkind: A\n# b\nmetadata:\n  # c\n  name: a\n  # d\n  labels:\n    app: a\n# e\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := newObject(manifest.Object{Text: c.text}, "argo")
			if err != nil || o.Text != c.want {
				t.Errorf("got\n%s\nwant\n%s (%v)", o.Text, c.want, err)
			}
		})
	}
}

// FuzzPlain: removing the namespace and Helm's fields once leaves nothing to remove the second time.
func FuzzPlain(f *testing.F) {
	f.Add("kind: A\nmetadata:\n  # b\n  labels:\n    helm.sh/chart: a\n  name: a\nspec: {}\n")
	f.Add("metadata:\n  annotations:\n    helm.sh/a: |\n      b\n\n    c: d\n  namespace: argo\n")
	f.Fuzz(func(t *testing.T, text string) {
		once, err := newObject(manifest.Object{Text: text}, "argo")
		if err != nil {
			return
		}
		twice, err := newObject(once.Object, "argo")
		if err != nil || !equal(once.node.YNode(), twice.node.YNode()) {
			t.Errorf("once\n%s\ntwice\n%s (%v)", once.Text, twice.Text, err)
		}
	})
}
