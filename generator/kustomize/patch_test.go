package kustomize

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
)

// TestPatch: the least that turns one object into the other, in the form that Kustomize understands.
func TestPatch(t *testing.T) {
	const pod = "spec:\n  template:\n    spec:\n"
	for _, c := range []struct{ name, kind, from, to, want string }{
		{"a number", "apps/v1 Deployment", "spec:\n  replicas: 1\n  paused: true\n", "spec:\n  replicas: 3\n  paused: true\n", "spec:\n  replicas: 3\n"},
		{"form alone", "apps/v1 Deployment", "spec:\n  replicas: 1\n  paused: true\n", "spec: {paused: true, replicas: 1}\n", ""},
		{"a field that goes", "apps/v1 Deployment", "spec:\n  replicas: 1\n  paused: true\n", "spec:\n  replicas: 1\n", "spec:\n  paused: null\n"},
		{"a list that Kubernetes replaces", "apps/v1 Deployment",
			pod + "      tolerations:\n        - key: a\n        - key: b\n",
			pod + "      tolerations:\n        - key: b\n",
			pod + "      tolerations:\n        - key: b\n"},
		{"a variable more, in its place", "apps/v1 Deployment",
			pod + "      containers:\n        - name: app\n          image: app:1\n          env:\n            - name: A\n              value: a\n            - name: C\n              value: c\n",
			pod + "      containers:\n        - name: app\n          image: app:1\n          env:\n            - name: A\n              value: a\n            - name: B\n              value: b\n            - name: C\n              value: c\n",
			pod + "      containers:\n        - name: app\n          env:\n            - name: A\n            - name: B\n              value: b\n"},
		{"a volume less", "apps/v1 Deployment",
			pod + "      volumes:\n        - name: tmp\n          emptyDir: {}\n        - name: data\n          emptyDir: {}\n",
			pod + "      volumes:\n        - name: data\n          emptyDir: {}\n",
			pod + "      volumes:\n        - name: tmp\n          $patch: delete\n"},
		{"another kind of volume", "apps/v1 Deployment",
			pod + "      volumes:\n        - name: tmp\n          emptyDir: {}\n",
			pod + "      volumes:\n        - name: tmp\n          configMap:\n            name: a\n",
			pod + "      volumes:\n        - name: tmp\n          configMap:\n            name: a\n          emptyDir: null\n"},
		{"a list of a custom resource", "example.org/v1 Thing",
			"spec:\n  env:\n    - name: A\n    - name: B\n",
			"spec:\n  env:\n    - name: A\n    - name: C\n",
			"spec:\n  env:\n    - name: A\n    - name: C\n"},
		{"an annotation", "example.org/v1 Thing", "spec: {}\n", "  annotations:\n    a: b\nspec: {}\n", "  annotations:\n    a: b\n"},
		{"comments of the new object", "v1 ConfigMap", "data:\n  a: b\n", "data:\n  # Why.\n  a: c\n", "data:\n  # Why.\n  a: c\n"},
		{"a text in lines", "v1 ConfigMap", "data:\n  a: |\n    one\n", "data:\n  a: |\n    one\n    two\n", "data:\n  a: |\n    one\n    two\n"},
		// What a merge cannot say: there null means "remove".
		{"null for a value", "example.org/v1 Thing", "spec:\n  log: {}\n", "spec:\n  log: null\n", "- op: replace\n  path: /spec/log\n  value: null\n"},
		{"null beside a slash", "example.org/v1 Thing", "spec:\n  a/b~c: 1\n", "spec:\n  a/b~c: null\n", "- op: replace\n  path: /spec/a~1b~0c\n  value: null\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := object(t, c.kind, c.from), object(t, c.kind, c.to)
			got, err := newPatch(from, to)
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want != "" && !strings.HasPrefix(want, "- op") {
				want = object(t, c.kind, want).Text
			}
			if got.text != want {
				t.Errorf("got\n%s\nwant\n%s", got.text, want)
			}
			if got.targeted != strings.HasPrefix(want, "- op") {
				t.Errorf("says that it needs a target: %v", got.targeted)
			}
		})
	}
}

// object is one called a; its text may begin with more metadata.
func object(t *testing.T, kind, text string) manifest.Object {
	t.Helper()
	version, kind, _ := strings.Cut(kind, " ")
	objects, err := manifest.Split("test.yaml", "apiVersion: "+version+"\nkind: "+kind+"\nmetadata:\n  name: a\n"+text)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects (%v)", len(objects), err)
	}
	return objects[0]
}

// TestPlain: what only Helm reads goes with the comments about it, and so does the namespace of the release; nothing else does.
func TestPlain(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"labels",
			"kind: A\nmetadata:\n  name: a\n  labels:\n    app: a\n    app.kubernetes.io/managed-by: Helm\n    helm.sh/chart: a-1\nspec: {}\n",
			"kind: A\nmetadata:\n  name: a\n  labels:\n    app: a\nspec: {}\n"},
		{"somebody else's manager",
			"metadata:\n  labels:\n    app.kubernetes.io/managed-by: me\n",
			"metadata:\n  labels:\n    app.kubernetes.io/managed-by: me\n"},
		{"the last annotation, with its comment",
			"metadata:\n  annotations:\n    # Helm keeps it.\n    helm.sh/resource-policy: keep\n  name: a\n",
			"metadata:\n  name: a\n"},
		{"an annotation in lines",
			"metadata:\n  annotations:\n    helm.sh/note: |\n      # a\n      b: c\n    # Mine.\n    mine: |\n      # d\n      helm.sh/e: f\n",
			"metadata:\n  annotations:\n    # Mine.\n    mine: |\n      # d\n      helm.sh/e: f\n"},
		{"the release's namespace", "metadata:\n  namespace: \"argo\"\n  name: a\n", "metadata:\n  name: a\n"},
		{"another namespace", "metadata:\n  namespace: other\n  name: a\n", "metadata:\n  namespace: other\n  name: a\n"},
		{"the same words elsewhere",
			"metadata:\n  name: a\nspec:\n  labels:\n    helm.sh/chart: a\n  namespace: argo\ndata:\n  a: |\n    metadata:\n      labels:\n        helm.sh/chart: a\n",
			"metadata:\n  name: a\nspec:\n  labels:\n    helm.sh/chart: a\n  namespace: argo\ndata:\n  a: |\n    metadata:\n      labels:\n        helm.sh/chart: a\n"},
		{"no labels", "metadata:\n  labels: {}\n  name: a\n", "metadata:\n  labels: {}\n  name: a\n"},
		{"comments of all kinds", "# a\n\nkind: A\n# b\nmetadata:\n  # c\n  name: a\n# d\n  labels:\n    app: a\n# e\n", "# a\n\nkind: A\n# b\nmetadata:\n  # c\n  name: a\n# d\n  labels:\n    app: a\n# e\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := plain(c.text, "argo"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// FuzzPlain: whatever the text, what is left was there before, and a second time changes nothing.
func FuzzPlain(f *testing.F) {
	f.Add("kind: A\nmetadata:\n  # b\n  labels:\n    helm.sh/chart: a\n  name: a\nspec: {}\n")
	f.Add("metadata:\n  annotations:\n    helm.sh/a: |\n      b\n\n    c: d\n  namespace: argo\n")
	f.Fuzz(func(t *testing.T, text string) {
		once := plain(text, "argo")
		if twice := plain(once, "argo"); twice != once {
			t.Errorf("once\n%q\ntwice\n%q", once, twice)
		}
		at := 0
		for line := range strings.Lines(once) {
			found := strings.Index(text[at:], line)
			if found < 0 {
				t.Fatalf("%q was not there, or elsewhere", line)
			}
			at += found + len(line)
		}
	})
}
