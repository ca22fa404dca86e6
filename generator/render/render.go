// Package render turns a chart and a user's values into manifests with Helm's engine: the objects of `helm template`.
package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/util/validation"
)

// DefaultKubeVersion is the default Kubernetes version to render for: the version of the API types in go.mod.
const DefaultKubeVersion = "v1.36.3"

// Options are the release that a chart is rendered for, and the user's values.
type Options struct {
	Release   string
	Namespace string
	// Values are the user's values, before they are merged into those of the chart.
	Values map[string]any
	// KubeVersion is the version of the cluster, "1.35" or "v1.35.2"; empty: DefaultKubeVersion.
	KubeVersion string
	// NoHooks leaves out Helm's hooks and tests.
	NoHooks bool
	// CRDs adds the chart's custom resource definitions, before the other objects.
	CRDs bool
}

// WithProfile returns the options with another profile, which takes precedence over that of the values.
func (o Options) WithProfile(name string) Options {
	values := map[string]any{}
	maps.Copy(values, o.Values)
	values["profile"] = name
	o.Values = values
	return o
}

// Chart is a chart in Helm's form.
type Chart = helmchart.Chart

// Load converts the files of a generated chart to Helm's form.
func Load(files chart.Files) (*Chart, error) {
	var buffered []*loader.BufferedFile
	for _, name := range slices.Sorted(maps.Keys(files)) {
		buffered = append(buffered, &loader.BufferedFile{Name: name, Data: files[name]})
	}
	return loader.LoadFiles(buffered)
}

// Render returns the objects of a release in Helm's install order, hooks last.
// Values that the schema or the templates of the chart refuse are an error that names the keys.
func Render(c *Chart, o Options) ([]manifest.Object, error) {
	values, err := releaseValues(c, o)
	if err != nil {
		return nil, err
	}
	texts, err := execute(c, values)
	if err != nil {
		return nil, err
	}
	objects, err := collect(texts)
	if err != nil {
		return nil, err
	}
	if o.NoHooks {
		objects = slices.DeleteFunc(objects, func(o manifest.Object) bool { return o.Hook })
	}
	if o.CRDs {
		crds, err := crdObjects(c)
		if err != nil {
			return nil, err
		}
		objects = append(crds, objects...)
	}
	return objects, nil
}

// Notes returns the text that Helm prints after an installation.
func Notes(c *Chart, o Options) (string, error) {
	values, err := releaseValues(c, o)
	if err != nil {
		return "", err
	}
	texts, err := execute(c, values)
	return texts[c.Name()+"/templates/"+notesFile], err
}

// notesFile is the only template that is not an object.
const notesFile = "NOTES.txt"

// releaseValues merges the user's values into those of the chart, validates them by the schema and adds .Release,
// .Capabilities and .Chart.
func releaseValues(c *Chart, o Options) (chartutil.Values, error) {
	if err := chartutil.ValidateReleaseName(o.Release); err != nil {
		return nil, fmt.Errorf("release name %q: %w", o.Release, err)
	}
	// Alerts have the namespace in expressions. Helm leaves its check to the API server.
	if faults := validation.IsDNS1123Label(o.Namespace); o.Namespace != "" && len(faults) > 0 {
		return nil, fmt.Errorf("namespace %q: %s", o.Namespace, faults[0])
	}
	version := cmp.Or(o.KubeVersion, DefaultKubeVersion)
	kube, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("kube version %q: %w", version, err)
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *kube
	if !chartutil.IsCompatibleRange(c.Metadata.KubeVersion, capabilities.KubeVersion.Version) {
		return nil, fmt.Errorf("chart %s needs Kubernetes %s, got %s", c.Name(), c.Metadata.KubeVersion, capabilities.KubeVersion.Version)
	}
	release := chartutil.ReleaseOptions{Name: o.Release, Namespace: o.Namespace, Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(c, o.Values, release, capabilities)
	if err != nil {
		return nil, withDescriptions(err, c.Schema)
	}
	return values, nil
}

func crdObjects(c *Chart) ([]manifest.Object, error) {
	var all []manifest.Object
	for _, crd := range c.CRDObjects() {
		objects, err := manifest.Split(crd.Filename, string(crd.File.Data))
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}
