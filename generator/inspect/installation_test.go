package inspect

import (
	"errors"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	ktesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"
)

// TestReadInstallation: what is read of several namespaces, with and without permissions. The controller is in namespace a.
func TestReadInstallation(t *testing.T) {
	for _, c := range []struct {
		name       string
		namespaces []string
		// forbidden is a resource that may not be listed; in is the namespace, "*" for every one.
		forbidden, in string
		has, lacks    []string
		skipped       []string
		incomplete    bool
		err           string
	}{
		{"one namespace", []string{"a"}, "", "", []string{"EventBus/a/default", "PodDisruptionBudget/a/mine", "Deployment/a/manager", "ConfigMap/a/config"}, []string{"Sensor/b/team", "Deployment/a/web", "Service/b/svc"}, nil, false, ""},
		{"two namespaces", []string{"b", "a"}, "", "", []string{"EventBus/a/default", "Sensor/b/team", "Service/b/svc", "Deployment/a/manager"}, nil, nil, false, ""},
		{"all namespaces", []string{""}, "", "", []string{"EventBus/a/default", "Sensor/b/team", "Deployment/a/manager"}, []string{"Deployment/a/web"}, nil, false, ""},
		{"no Deployments of all namespaces", []string{"a", "b"}, "deployments", "", []string{"Deployment/a/manager", "Sensor/b/team"}, nil, []string{"deployments.apps in all namespaces"}, true, ""},
		{"no Deployments at all", []string{"a", "b"}, "deployments", "*", []string{"Sensor/b/team"}, []string{"Deployment/a/manager"},
			[]string{"deployments.apps in all namespaces", "deployments.apps in namespace a", "deployments.apps in namespace b"}, true, ""},
		{"no budgets", []string{"a"}, "poddisruptionbudgets", "*", []string{"EventBus/a/default"}, []string{"PodDisruptionBudget/a/mine"}, []string{"poddisruptionbudgets.policy in namespace a"}, false, ""},
		{"no sensors of one", []string{"a", "b"}, "sensors", "b", nil, nil, nil, false, "cannot read the cluster: listing sensors.argoproj.io in namespace b: "},
		{"no event sources of all", []string{""}, "eventsources", "*", nil, nil, nil, false, "cannot read the cluster: listing eventsources.argoproj.io in all namespaces: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := installation(t)
			client.PrependReactor("list", c.forbidden, func(a ktesting.Action) (bool, runtime.Object, error) {
				if c.forbidden == "" || c.in != "*" && c.in != a.GetNamespace() {
					return false, nil, nil
				}
				return true, nil, apierrors.NewForbidden(a.GetResource().GroupResource(), "", errors.New("no permission"))
			})
			found, err := readInstallation(t.Context(), client, c.namespaces, func(d map[string]any) (string, bool) {
				name, _, _ := unstructured.NestedString(d, "metadata", "name")
				return "config", name == "manager"
			})
			if c.err != "" {
				if !errors.Is(err, ErrCluster) || !strings.HasPrefix(err.Error(), c.err) {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := objectsIn(t, found.Text)
			for _, want := range c.has {
				if !slices.Contains(got, want) {
					t.Errorf("no %s in %v", want, got)
				}
			}
			for _, not := range c.lacks {
				if slices.Contains(got, not) {
					t.Errorf("%s in %v", not, got)
				}
			}
			if !slices.Equal(found.Skipped, c.skipped) || found.Complete == c.incomplete {
				t.Errorf("skipped %v, complete %v", found.Skipped, found.Complete)
			}
		})
	}
}

// installation is a cluster with two namespaces.
func installation(t *testing.T) *dynamicfake.FakeDynamicClient {
	t.Helper()
	all := []struct {
		resource
		namespace string
		names     []string
	}{
		{needed[0], "a", []string{"default"}}, {needed[1], "a", []string{"hook"}}, {needed[2], "b", []string{"team"}},
		{useful[0], "a", []string{"mine"}}, {useful[1], "b", []string{"svc"}},
		{deployments, "a", []string{"manager", "web"}}, {configMaps, "a", []string{"config"}},
	}
	lists := map[schema.GroupVersionResource]string{}
	for _, r := range all {
		lists[r.GroupVersionResource] = r.kind + "List"
	}
	client := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists)
	for _, r := range all {
		for _, name := range r.names {
			o := &unstructured.Unstructured{}
			o.SetGroupVersionKind(r.GroupVersion().WithKind(r.kind))
			o.SetNamespace(r.namespace)
			o.SetName(name)
			// By its resource: the fake guesses another plural of EventBus.
			if err := client.Tracker().Create(r.GroupVersionResource, o, r.namespace); err != nil {
				t.Fatal(err)
			}
		}
	}
	return client
}

// objectsIn lists the objects of YAML documents as Kind/namespace/name.
func objectsIn(t *testing.T, text []byte) (all []string) {
	t.Helper()
	for document := range strings.SplitSeq(string(text), "---\n") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, o.GetKind()+"/"+o.GetNamespace()+"/"+o.GetName())
	}
	return all
}
