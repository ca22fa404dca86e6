package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/internal/kubeconfig"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/client-go/discovery"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// ErrCluster is wrapped by errors of the cluster: it is unreachable or refuses a request.
var ErrCluster = errors.New("cannot read the cluster")

// Cluster selects a cluster as kubectl does. Empty fields have kubectl's defaults.
type Cluster struct{ Kubeconfig, Context string }

// Installed is a release that Helm 3 or 4 keeps in Secrets, its default storage. Releases in other storage are not found.
type Installed struct {
	// Chart is the name of the chart, Profile the profile of the release.
	Chart, Profile string
	Revision       int
	// Objects are the objects of the release, without hooks.
	Objects []manifest.Object
	// KubeVersion is the version of the cluster.
	KubeVersion string

	config []byte
}

// ReadRelease reads the newest deployed revision of a release. It never writes. A request that takes more than 30 s is an error
// that wraps ErrCluster.
func ReadRelease(c Cluster, namespace, name string) (Installed, error) {
	config, _, err := kubeconfig.Load(c.Kubeconfig, c.Context)
	if err != nil {
		return Installed{}, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	client, err := corev1.NewForConfig(config)
	if err != nil {
		return Installed{}, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	r, err := deployed(client.Secrets(namespace), namespace, name)
	if err != nil {
		return Installed{}, err
	}
	i, err := installed(r)
	if err != nil {
		return Installed{}, fmt.Errorf("reading release %q in namespace %q: %w", name, namespace, err)
	}
	if i.KubeVersion, err = serverVersion(config); err != nil {
		return Installed{}, err
	}
	return i, nil
}

// Values returns the user's values of the release, a new copy on each call.
func (i Installed) Values() (map[string]any, error) {
	var values map[string]any
	if err := json.Unmarshal(i.config, &values); err != nil {
		return nil, err
	}
	return values, nil
}

// Reuse merges values over those of a release, as helm upgrade --reset-then-reuse-values does. It changes both maps.
func Reuse(values, released map[string]any) map[string]any {
	return chartutil.CoalesceTables(values, released)
}

// deployed returns the newest deployed revision among Helm's Secrets.
func deployed(secrets corev1.SecretInterface, namespace, name string) (*release.Release, error) {
	revisions, err := query(secrets, map[string]string{"owner": "helm", "name": name, "status": release.StatusDeployed.String()})
	if err == nil {
		return revisions[0], nil
	}
	if !errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, fmt.Errorf("reading release %q in namespace %q: %w", name, namespace, err)
	}
	if revisions, err = query(secrets, map[string]string{"owner": "helm", "name": name}); err != nil {
		return nil, fmt.Errorf("release %q not found in namespace %q: list the releases with helm list -A", name, namespace)
	}
	return nil, fmt.Errorf("release %q in namespace %q has no deployed revision, the last one is %s: repair it first (helm history %s -n %s)",
		name, namespace, revisions[0].Labels["status"], name, namespace)
}

// query returns the revisions with these labels, the newest first; there is at least one. Helm's driver logs and skips a
// Secret that it cannot decode. Here that is an error: an older revision in its place would be the wrong one.
func query(secrets corev1.SecretInterface, labels map[string]string) ([]*release.Release, error) {
	store := driver.NewSecrets(secrets)
	var undecoded error
	store.Log = func(format string, args ...any) { undecoded = fmt.Errorf(format, args...) }
	revisions, err := store.Query(labels)
	switch {
	case errors.Is(err, driver.ErrReleaseNotFound):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrCluster, err)
	case undecoded != nil:
		return nil, undecoded
	}
	releaseutil.Reverse(revisions, releaseutil.SortByRevision)
	return revisions, nil
}

func installed(r *release.Release) (Installed, error) {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return Installed{}, errors.New("the release has no chart")
	}
	objects, err := manifest.Split("release "+r.Name, r.Manifest)
	if err != nil {
		return Installed{}, err
	}
	for i, o := range objects {
		// Helm writes the template of an object into a comment.
		if comment, rest, _ := strings.Cut(o.Text, "\n"); strings.HasPrefix(comment, "# Source: ") {
			objects[i].Source, objects[i].Text = strings.TrimPrefix(comment, "# Source: "), rest
		}
	}
	config, err := json.Marshal(r.Config)
	if err != nil {
		return Installed{}, err
	}
	profile, ok := r.Config["profile"].(string)
	if !ok {
		profile, _ = r.Chart.Values["profile"].(string)
	}
	return Installed{Chart: r.Chart.Metadata.Name, Profile: profile, Revision: r.Version, Objects: objects, config: config}, nil
}

func serverVersion(config *rest.Config) (string, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("loading the kubeconfig: %w", err)
	}
	version, err := client.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("%w: reading its version: %w", ErrCluster, err)
	}
	return version.GitVersion, nil
}
