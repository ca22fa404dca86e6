package render

import (
	"errors"
	"fmt"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// TestDeployed reads revisions in the form that Helm's driver writes.
func TestDeployed(t *testing.T) {
	const superseded, failed, current = release.StatusSuperseded, release.StatusFailed, release.StatusDeployed
	for name, c := range map[string]struct {
		revisions []release.Status
		want      string
	}{
		"an upgraded release":    {[]release.Status{superseded, current}, "revision 2"},
		"a failed upgrade":       {[]release.Status{current, failed}, "revision 1"},
		"two deployed revisions": {[]release.Status{current, current}, "revision 2"},
		"ten revisions":          {append(make([]release.Status, 8), current, current), "revision 10"},
		"a failed install":       {[]release.Status{failed}, `release "shop" in namespace "ns" has no deployed revision, the last one is failed: repair it first (helm history shop -n ns)`},
		"no release":             {nil, `release "shop" not found in namespace "ns": list the releases with helm list -A`},
	} {
		client := fake.NewClientset().CoreV1().Secrets("ns")
		store := driver.NewSecrets(client)
		others := release.Release{Name: "other", Version: 99, Info: &release.Info{Status: current}}
		if err := store.Create("other.v99", &others); err != nil {
			t.Fatal(err)
		}
		for i, status := range c.revisions {
			r := release.Release{Name: "shop", Version: i + 1, Info: &release.Info{Status: status}}
			if err := store.Create(fmt.Sprintf("shop.v%d", r.Version), &r); err != nil {
				t.Fatal(err)
			}
		}
		var got string
		if r, err := deployed(client, "ns", "shop"); err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprint("revision ", r.Version)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestDeployedForbidden(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("list", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", errors.New("no permission"))
	})
	_, err := deployed(client.CoreV1().Secrets("ns"), "ns", "shop")
	if !errors.Is(err, ErrCluster) || !apierrors.IsForbidden(err) {
		t.Errorf("got %v, want ErrCluster and Forbidden", err)
	}
}
