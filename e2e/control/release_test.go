package control

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/agreement"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/control/local"
	"github.com/holdfast-ha/holdfast/e2e/process"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// release is a chart installed by Helm, in a namespace with its own nodes, with a controller of Argo Events.
type release struct {
	t         *testing.T
	helm      string
	namespace string
	chart     string
	nodes     []cluster.Node

	// The container of the controller, and its process.
	container  *local.Container
	controller *process.Process

	// compared has the comparisons of verify with the control plane.
	compared agreement.Case
}

// newRelease creates the namespace and the nodes for a release: the smallest cluster of the profile, once for each node selector.
func newRelease(t *testing.T, helm, namespace string, p profile, chart string, selectors []map[string]string) *release {
	t.Helper()
	file, err := binaries.Path(helm)
	if err != nil {
		t.Fatal(err)
	}
	r := &release{t: t, helm: file, namespace: namespace, chart: chart}
	if err := kube.Namespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	for i, labels := range selectors {
		r.nodes = append(r.nodes, p.nodes(namespace, fmt.Sprintf("-%d", i), labels)...)
	}
	if err := kube.AddNodes(t.Context(), namespace, r.nodes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stopController)
	return r
}

// run runs helm on the release.
func (r *release) run(arguments ...string) (string, error) {
	out, err := cases.Output(r.helm, append(arguments, "--namespace", r.namespace, "--kubeconfig", kube.Kubeconfig())...)
	return string(out), err
}

// ownNodes returns the value that limits a DaemonSet to the nodes of this release: otherwise it would run on every node of the cluster. It is an
// override because the values refuse a selector that the pods of event sources and sensors do not have; their nodes are limited by admission.
func (r *release) ownNodes(daemon string) string {
	return "overrides.DaemonSet/" + daemon + ".spec.template.spec.nodeSelector." + strings.ReplaceAll(cluster.Owner, ".", `\.`) + "=" + r.namespace
}

// deploy runs helm install or upgrade, and starts the controller of the release.
func (r *release) deploy(command, profile string, values ...string) error {
	arguments := []string{command, cases.Release, r.chart, "--skip-crds", "--set", "profile=" + profile}
	daemons, err := components(r.chart, "daemonset")
	if err != nil {
		return err
	}
	for _, name := range daemons {
		arguments = append(arguments, "--set", r.ownNodes(name))
	}
	for _, file := range values {
		arguments = append(arguments, "--values", file)
	}
	if _, err := r.run(arguments...); err != nil {
		return err
	}
	return r.startController()
}

// components returns the names of a chart's components of the given kinds: the names of template folders and of keys in the values.
func components(chart string, kinds ...string) (names []string, err error) {
	for _, kind := range kinds {
		files, err := filepath.Glob(filepath.Join(chart, "templates", "*", kind+".yaml"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			names = append(names, filepath.Base(filepath.Dir(file)))
		}
	}
	return names, nil
}

// valuesFile writes values to a file.
func (r *release) valuesFile(values map[string]any) string {
	r.t.Helper()
	text, err := yaml.Marshal(values)
	if err != nil {
		r.t.Fatal(err)
	}
	file, err := os.CreateTemp(kube.Dir(""), "values-*.yaml")
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(text); err != nil {
		r.t.Fatal(err)
	}
	return file.Name()
}

// eventually calls try until it succeeds, and fails at once if the controller has ended.
func (r *release) eventually(try func() error) error {
	var ended error
	err := cluster.Eventually(r.t.Context(), patience, func() error {
		if r.controller != nil {
			if ended = r.controller.Err(); ended != nil {
				return nil
			}
		}
		return try()
	})
	if ended != nil {
		return ended
	}
	return err
}

// testHooks returns the objects of helm test.
func (r *release) testHooks() ([]cases.Object, error) {
	text, err := r.run("get", "hooks", cases.Release)
	if err != nil {
		return nil, err
	}
	found, err := cases.Decode([]byte(text))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(o cases.Object) bool {
		var head struct{ Metadata metav1.ObjectMeta }
		return o.Into(&head) != nil || head.Metadata.Annotations["helm.sh/hook"] != "test"
	}), nil
}
