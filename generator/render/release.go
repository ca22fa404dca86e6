package render

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/internal/kubeconfig"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// ErrNoAnswer is a cluster that does not answer, or refuses to.
var ErrNoAnswer = errors.New("the cluster gives no answer")

// Cluster chooses a cluster as kubectl does: by a kubeconfig and a context in it, or, where they are empty, by what is usual.
type Cluster struct{ Kubeconfig, Context string }

// Installed is a release as Helm, 3 or 4, keeps it in the Secrets of its namespace. Helm's other stores are not read.
type Installed struct {
	// Chart is the chart's name, Profile the one that the release has.
	Chart, Profile string
	Revision       int
	// Objects are what Helm has applied, without hooks.
	Objects []manifest.Object
	// KubeVersion is the cluster's.
	KubeVersion string

	config []byte
}

// ReadRelease reads the revision of a release that is deployed. It only reads.
func ReadRelease(ctx context.Context, c Cluster, namespace, name string) (Installed, error) {
	config, _, err := kubeconfig.Load(c.Kubeconfig, c.Context)
	if err != nil {
		return Installed{}, fmt.Errorf("choosing a cluster: %w", err)
	}
	secret, err := deployed(ctx, config, namespace, name)
	if err != nil {
		return Installed{}, err
	}
	i, err := decodeRelease(secret)
	if err != nil {
		return Installed{}, fmt.Errorf("reading release %q in namespace %q: %w", name, namespace, err)
	}
	version, err := serverVersion(config)
	if err != nil {
		return Installed{}, err
	}
	i.KubeVersion = version
	return i, nil
}

// Values are what the user gave; each call returns them anew.
func (i Installed) Values() (map[string]any, error) {
	var values map[string]any
	if err := json.Unmarshal(i.config, &values); err != nil {
		return nil, err
	}
	return values, nil
}

// Reuse lays values over those of a release as helm upgrade --reset-then-reuse-values does. Both are changed.
func Reuse(values, released map[string]any) map[string]any {
	return chartutil.CoalesceTables(values, released)
}

// deployed finds the Secret of the newest revision that is deployed.
func deployed(ctx context.Context, config *rest.Config, namespace, name string) (*unstructured.Unstructured, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("choosing a cluster: %w", err)
	}
	selector := labels.Set{"owner": "helm", "name": name}.String()
	list, err := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("%w: listing the Secrets of release %q in namespace %q: %w", ErrNoAnswer, name, namespace, err)
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("there is no release %q in namespace %q: helm list -A tells them all", name, namespace)
	}
	revision := func(s unstructured.Unstructured) int {
		n, _ := strconv.Atoi(s.GetLabels()["version"])
		return n
	}
	slices.SortFunc(list.Items, func(a, b unstructured.Unstructured) int { return cmp.Compare(revision(b), revision(a)) })
	for _, s := range list.Items {
		if s.GetLabels()["status"] == "deployed" {
			return &s, nil
		}
	}
	return nil, fmt.Errorf("no revision of release %q in namespace %q is deployed, the last one is %s: repair it first (helm history %s -n %s)",
		name, namespace, list.Items[0].GetLabels()["status"], name, namespace)
}

// decodeRelease reads what Helm puts into a Secret: JSON, compressed, in base64 of its own.
func decodeRelease(secret *unstructured.Unstructured) (Installed, error) {
	data, _, err := unstructured.NestedString(secret.Object, "data", "release")
	if err != nil {
		return Installed{}, err
	}
	packed, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return Installed{}, err
	}
	if packed, err = base64.StdEncoding.DecodeString(string(packed)); err != nil {
		return Installed{}, err
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return Installed{}, err
	}
	var r release.Release
	if err := json.NewDecoder(reader).Decode(&r); err != nil {
		return Installed{}, err
	}
	return installed(r)
}

func installed(r release.Release) (Installed, error) {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return Installed{}, errors.New("it has no chart")
	}
	objects, err := manifest.Split("release "+r.Name, r.Manifest)
	if err != nil {
		return Installed{}, err
	}
	for i, o := range objects {
		// Helm says in a comment which template an object comes from.
		if comment, rest, _ := strings.Cut(o.Text, "\n"); strings.HasPrefix(comment, "# Source: ") {
			objects[i].Source, objects[i].Text = strings.TrimPrefix(comment, "# Source: "), rest
		}
	}
	config, err := json.Marshal(r.Config)
	if err != nil {
		return Installed{}, err
	}
	profile, is := r.Config["profile"].(string)
	if !is {
		profile, _ = r.Chart.Values["profile"].(string)
	}
	return Installed{Chart: r.Chart.Metadata.Name, Profile: profile, Revision: r.Version, Objects: objects, config: config}, nil
}

func serverVersion(config *rest.Config) (string, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("choosing a cluster: %w", err)
	}
	version, err := client.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("%w: asking for its version: %w", ErrNoAnswer, err)
	}
	return version.GitVersion, nil
}
