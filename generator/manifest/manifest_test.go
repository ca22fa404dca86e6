package manifest

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: front\nspec:\n  clusterIP: None\n"

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []string // apiVersion kind name, and hook
	}{
		{"empty stream", "", nil},
		{"blank lines", "\n\n\n", nil},
		{"separators only", "---\n---   \n\n---", nil},
		{"comments only", "---\n# Source: x\n---\n  # nothing\n", nil},
		{"one object", service, []string{"v1 Service front"}},
		{"no final newline", strings.TrimSuffix(service, "\n"), []string{"v1 Service front"}},
		{"surrounding blank lines", "\n\n" + service + "\n\n", []string{"v1 Service front"}},
		{"two objects", "---\n" + service + "---\n" + strings.ReplaceAll(service, "front", "back"), []string{"v1 Service front", "v1 Service back"}},
		{"a comment after the separator", service + "--- # the second one\n" + strings.ReplaceAll(service, "front", "back"), []string{"v1 Service front", "v1 Service back"}},
		{"carriage returns", strings.ReplaceAll("---\n"+service+"---\n"+service, "\n", "\r\n"), []string{"v1 Service front", "v1 Service front"}},
		{"comments between the keys", "# Source: x\napiVersion: v1 # the core\n# kind\nkind: Service\nmetadata:\n# name\n  name: front\n", []string{"v1 Service front"}},
		{"an empty line in metadata", "apiVersion: v1\nkind: Service\nmetadata:\n\n  name: front\n", []string{"v1 Service front"}},
		{"an empty line in an annotation", "apiVersion: v1\nkind: Service\nmetadata:\n  annotations:\n    note: |-\n      a\n\n      b\n  name: front\n", []string{"v1 Service front"}},
		{"a name in double quotes", "apiVersion: v1\nkind: Service\nmetadata:\n  name: \"fro\\x6et\"\n", []string{"v1 Service front"}},
		{"a name in single quotes", "apiVersion: v1\nkind: Service\nmetadata:\n  name: 'front'\n", []string{"v1 Service front"}},
		{"a numeric name", "apiVersion: v1\nkind: Service\nmetadata:\n  name: \"1\"\n", []string{"v1 Service 1"}},
		{"other fields with the same keys", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    name: label\n  name: front\nspec:\n  name: spec\n  template:\n    metadata:\n      name: pod\n    kind: Pod\n", []string{"apps/v1 Deployment front"}},
		{"keys in a block scalar", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: front\ndata:\n  a: |\n    ---\n    kind: Evil\n    metadata:\n      name: evil\n", []string{"v1 ConfigMap front"}},
		{"lists without indentation", "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: front\nsubjects:\n- kind: User\n  name: who\n", []string{"rbac.authorization.k8s.io/v1 RoleBinding front"}},
		{"metadata last", "kind: Service\nspec:\n  name: no\nmetadata:\n  name: front\napiVersion: v1\n", []string{"v1 Service front"}},
		{"flow style", "{apiVersion: v1, kind: Service, metadata: {name: front}}\n", []string{"v1 Service front"}},
		{"metadata in flow style", "apiVersion: v1\nkind: Service\nmetadata: {name: front}\n", []string{"v1 Service front"}},
		{"an indentation of four", "apiVersion: v1\nkind: Pod\nmetadata:\n    name: test\n    annotations:\n        helm.sh/hook: test\n", []string{"v1 Pod test hook"}},
		{"a hook in flow style", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: test\n  annotations: {helm.sh/hook: test}\n", []string{"v1 Pod test hook"}},
		{"a hook", "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    helm.sh/hook: test\n  name: test\n", []string{"v1 Pod test hook"}},
		{"the hook annotation in other places", "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    helm.sh/hook: test\n  name: test\nspec:\n  annotations:\n    helm.sh/hook: test\n", []string{"v1 Pod test"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, err := Split("some.yaml", c.stream)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, o := range objects {
				words := []string{o.APIVersion, o.Kind, o.Name}
				if o.Hook {
					words = append(words, "hook")
				}
				got = append(got, strings.Join(words, " "))
				if o.Source != "some.yaml" || o.Index != i {
					t.Errorf("object %d has source %s, index %d", i, o.Source, o.Index)
				}
				if !strings.HasSuffix(o.Text, "\n") || strings.HasPrefix(o.Text, "\n") || strings.HasSuffix(o.Text, "\n\n") {
					t.Errorf("object %d is not trimmed: %q", i, o.Text)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	for _, c := range []struct{ name, stream, want string }{
		{"no kind", "apiVersion: v1\nmetadata:\n  name: front\n", "some.yaml: document 1 has no kind"},
		{"invalid YAML", "apiVersion: v1\nkind: Service\nmetadata: {name: [\n", "some.yaml: document 1: yaml: "},
		{"no apiVersion", "kind: Service\nmetadata:\n  name: front\n", "some.yaml: document 1 has no apiVersion"},
		{"no name", "apiVersion: v1\nkind: Service\nmetadata:\n  labels:\n    name: front\n", "some.yaml: document 1 has no metadata.name"},
		{"an empty name", "apiVersion: v1\nkind: Service\nmetadata:\n  name: \"\"\n", "some.yaml: document 1 has no metadata.name"},
		{"a second document that is a scalar", service + "---\nhello\n", "some.yaml: document 2 has no apiVersion, kind, metadata.name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Split("some.yaml", c.stream)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	object := func(apiVersion, kind, name string) Object {
		return Object{Source: "some.yaml", APIVersion: apiVersion, Kind: kind, Name: name, Text: kind + " " + name + "\n"}
	}
	for _, c := range []struct {
		name    string
		objects []Object
		want    []string
		err     string
	}{
		{"no objects", nil, nil, ""},
		{"kind and name", []Object{object("v1", "Service", "front"), object("apps/v1", "Deployment", "front")}, []string{"deployment-front.yaml", "service-front.yaml"}, ""},
		{"characters that file systems reject", []Object{object("rbac.authorization.k8s.io/v1", "Role", "system:Front/end")}, []string{"role-system-front-end.yaml"}, ""},
		{"no path out of the folder", []Object{object("v1", "Secret", "../../etc/passwd")}, []string{"secret-..-..-etc-passwd.yaml"}, ""},
		{"the same kind in two groups", []Object{object("v1", "Event", "a"), object("events.k8s.io/v1", "Event", "a")}, []string{"event-a.yaml", "event.events.k8s.io-a.yaml"}, ""},
		{"the same kind in two groups, the core group last", []Object{object("events.k8s.io/v1", "Event", "a"), object("v1", "Event", "a")}, []string{"event-a.yaml", "event.core-a.yaml"}, ""},
		{"a duplicate object", []Object{object("apps/v1", "Deployment", "a"), object("apps/v1", "Deployment", "a"), object("apps/v1", "Deployment", "a")}, nil, `some.yaml: duplicate Deployment "a": rename one of them`},
		{"a duplicate core object", []Object{object("v1", "Service", "a"), object("v1", "Service", "a")}, nil, `some.yaml: duplicate Service "a": rename one of them`},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := Files(c.objects)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, o := range c.objects {
				if !slices.ContainsFunc(slices.Collect(maps.Values(files)), func(text []byte) bool { return string(text) == o.Text }) {
					t.Errorf("%s %s was not written", o.Kind, o.Name)
				}
			}
		})
	}
}

// FuzzSplit splits a stream, joins the objects and splits again: the objects must be the same.
func FuzzSplit(f *testing.F) {
	for _, stream := range []string{
		"", "---", "---\n", "\n---\n\n--- \n", "# a\n---\n# b", service, "---\n" + service + "---\n" + service, service + "--- # c\n" + service, service + "---\r\n" + service,
		service + "---a\n", service + " ---\n", service + "...\n---\n" + service, "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    helm.sh/hook: test\n  name: 'it''s'\n",
		"apiVersion: \"v\\n1\"\nkind: '''\nmetadata:\n  name: \"---\"\n", "apiVersion: v1\nkind: A\nmetadata:\n  name: a #b\n\n\n\r\n",
	} {
		f.Add(stream)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		objects, err := Split("some.yaml", stream)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "some.yaml: ") {
				t.Fatalf("no source in %q", err)
			}
			return
		}
		var joined strings.Builder
		for _, o := range objects {
			if o.APIVersion == "" || o.Kind == "" || o.Name == "" {
				t.Fatalf("an object without a name: %+v", o)
			}
			joined.WriteString("---\n" + o.Text)
		}
		again, err := Split("some.yaml", joined.String())
		if err != nil || !slices.Equal(objects, again) {
			t.Fatalf("joined and split again (%v):\n%+v\n%+v", err, objects, again)
		}
		if files, err := Files(objects); err == nil && len(files) != len(objects) {
			t.Fatalf("%d objects in %d files", len(objects), len(files))
		}
	})
}
