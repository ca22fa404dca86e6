package generator_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/yaml"
)

// shop uses every field of a component that the chart copies.
const shop = `name: shop
version: 1.0.0
appVersion: "1"
description: "A shop: pages, and a clerk"
components:
  - name: front
    description: "pages: all of them"
    replication: stateless
    image: {registry: docker.io, repository: shop/front, tag: "7"}
    ports:
      - {name: http, port: 8080, service: true, from: [anyone]}
      - {name: dns, port: 53, protocol: UDP, service: true, from: [clerk, {podSelector: {matchLabels: {a: '{{ .Release.Name | quote }}'}}}]}
    probes: {ready: {httpGet: {path: '{{ printf "/%s" .Values.front.page | quote }}', port: http}}}
    drain: {seconds: 30}
    container: {args: [--port, "8080"], env: [{name: RELEASE, value: '{{ .Release.Name | quote }}'}], volumeMounts: [{name: tmp, mountPath: /tmp}]}
    pod: {hostNetwork: true, volumes: [{name: tmp, emptyDir: {}}]}
    resources: {requests: {cpu: 1m}}
    values: {page: index, colours: [red], deep: {er: 1}, hidden: false, nothing: null}
  - name: clerk
    description: clerks
    replication: standby
    election: leases
    image: {registry: docker.io, repository: shop/clerk, tag: "7"}
    rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]
    container: {args: [--lease=$(LEASE_NAME)]}
`

// load generates the chart of a stack that has own templates, or none.
func load(t *testing.T, text string, own fstest.MapFS) (*generator.Chart, error) {
	t.Helper()
	files := fstest.MapFS{"shop.yaml": {Data: []byte(text)}}
	for name, file := range own {
		files["shop/"+name] = file
	}
	s, err := stack.Load(fs.FS(files), "shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := generator.LoadProfiles()
	if err != nil {
		t.Fatal(err)
	}
	return generator.New(s, profiles)
}

// text returns the objects of a stack in every profile, after its chart was checked.
func text(t *testing.T, stack string) string {
	t.Helper()
	c, err := load(t, stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	if err := c.Check(func(o manifest.Object) error { all.WriteString("---\n" + o.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// TestStyles: flow style and block style of one stack give the same objects.
func TestStyles(t *testing.T) {
	want := values(t, text(t, shop))
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(shop), &document); err != nil {
		t.Fatal(err)
	}
	for name, style := range map[string]yaml.Style{"block": 0, "flow": yaml.FlowStyle} {
		inStyle(document.Content[0], style)
		written, err := yaml.Marshal(&document)
		if err != nil {
			t.Fatal(err)
		}
		if got := values(t, text(t, string(written))); got != want {
			gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
			for i := range min(len(gotLines), len(wantLines)) {
				if gotLines[i] != wantLines[i] {
					t.Fatalf("%s style gives\n%s\nwant\n%s", name, gotLines[i], wantLines[i])
				}
			}
		}
	}
}

// values returns a stream of objects as JSON, one on each line.
func values(t *testing.T, stream string) string {
	t.Helper()
	var all strings.Builder
	for _, one := range strings.Split(stream, "---\n") {
		text, err := kyaml.YAMLToJSON([]byte(one))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(append(text, '\n'))
	}
	return all.String()
}

func inStyle(n *yaml.Node, style yaml.Style) {
	if n.Kind != yaml.ScalarNode {
		n.Style = style
	}
	for _, inner := range n.Content {
		inStyle(inner, style)
	}
}

func TestShop(t *testing.T) {
	all := text(t, shop)
	for _, want := range []string{
		"containerPort: 53, protocol: UDP}",
		"      targetPort: dns\n      protocol: UDP\n",
		"        - port: dns\n          protocol: UDP\n",
		"value: \"release\"\n", // an expression in flow style has no second quotes
		"hostNetwork: true",
		"path: \"/index\"",
		"kind: RoleBinding\nmetadata:\n  name: release-shop-clerk\n",
		"    resourceNames: [release-shop-clerk]\n    verbs: [get, update, patch]\n",
		"- name: LEASE_NAME\n              value: 'release-shop-clerk'\n",
		"- name: LEASE_RENEW_DEADLINE\n              value: \"10s\"\n",
		"automountServiceAccountToken: true",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no object has %q", want)
		}
	}
	if strings.Contains(all, "preStop") {
		t.Error("a drain without a sleep or command has a preStop hook")
	}
}

func TestCheckRefuses(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		name, old, new string
		own            fstest.MapFS
		want           string
	}{
		{"a condition that Helm cannot read", "    drain:", "    when: .Values.front.(\n    drain:", nil, `shop.yaml:6: components[0] "front": with profile single-node: `},
		{"a function that Helm does not have", "--port, \"8080\"", "'{{ portOf 1 }}'", nil, `shop.yaml:6: components[0] "front": with profile single-node: `},
		{"an own template that is no object", "", "", fstest.MapFS{"templates/odd.yaml": file("a: [\n")}, "shop.yaml: with profile single-node: "},
		{"an own template that reads the environment", "", "", fstest.MapFS{"templates/odd.yaml": file("a: [[ env \"HOME\" ]]\n")}, `function "env" not defined`},
		{"an own template that depends on chance", "", "", fstest.MapFS{"templates/odd.yaml": file("a: [[ randAlpha 8 ]]\n")}, `function "randAlpha" not defined`},
		{"an own template that depends on time", "", "", fstest.MapFS{"templates/odd.yaml": file("a: [[ now ]]\n")}, `function "now" not defined`},
		{"a version that helm lint warns of", "", "", fstest.MapFS{"templates/budget.yaml": file("apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n")}, "helm lint: templates/budget.yaml: policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := strings.Replace(shop, c.old, c.new, 1)
			chart, err := load(t, stack, c.own)
			if err == nil {
				err = chart.Check(nil)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
	chart, err := load(t, shop, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = chart.Check(func(o manifest.Object) error {
		if strings.HasPrefix(o.Text, "apiVersion: apps/v1\nkind: Deployment") {
			return fs.ErrInvalid
		}
		return nil
	})
	if want := "shop.yaml:19: components[1] \"clerk\": invalid argument\nshop.yaml:6: components[0] \"front\": invalid argument"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
