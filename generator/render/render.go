// Package render turns a chart and a user's values into manifests by Helm's own engine: the same objects as `helm template`.
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
)

// DefaultKubeVersion is the Kubernetes version that is rendered for where nobody says: that of the API types in go.mod.
const DefaultKubeVersion = "v1.36.3"

// Options say for which release a chart is rendered.
type Options struct {
	Release   string
	Namespace string
	// Values are the user's, not yet laid over the chart's.
	Values map[string]any
	// KubeVersion is the cluster's, "1.35" or "v1.35.2"; empty: DefaultKubeVersion.
	KubeVersion string
	// NoHooks leaves out what Helm runs at some moment only, tests among it.
	NoHooks bool
	// CRDs also puts out the chart's custom resource definitions, first.
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

// Load makes the files of a generated chart into Helm's form.
func Load(files chart.Files) (*Chart, error) {
	var buffered []*loader.BufferedFile
	for _, name := range slices.Sorted(maps.Keys(files)) {
		buffered = append(buffered, &loader.BufferedFile{Name: name, Data: files[name]})
	}
	return loader.LoadFiles(buffered)
}

// Render returns the objects of a release in the order in which Helm would install them, hooks last.
// Values that the chart's schema or its templates refuse come back as an error that names the keys.
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

// Notes is what Helm tells the user after an install.
func Notes(c *Chart, o Options) (string, error) {
	values, err := releaseValues(c, o)
	if err != nil {
		return "", err
	}
	texts, err := execute(c, values)
	return texts[c.Name()+"/templates/"+notesFile], err
}

// notesFile is the one template that is not an object.
const notesFile = "NOTES.txt"

// releaseValues lays the user's values over the chart's, checks them against the schema and adds .Release, .Capabilities and .Chart.
func releaseValues(c *Chart, o Options) (chartutil.Values, error) {
	if err := chartutil.ValidateReleaseName(o.Release); err != nil {
		return nil, fmt.Errorf("release name %q: %w", o.Release, err)
	}
	version := cmp.Or(o.KubeVersion, DefaultKubeVersion)
	kube, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("kube version %q: %w", version, err)
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *kube
	if !chartutil.IsCompatibleRange(c.Metadata.KubeVersion, capabilities.KubeVersion.Version) {
		return nil, fmt.Errorf("chart %s needs Kubernetes %s, and this is %s", c.Name(), c.Metadata.KubeVersion, capabilities.KubeVersion.Version)
	}
	release := chartutil.ReleaseOptions{Name: o.Release, Namespace: o.Namespace, Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(c, o.Values, release, capabilities)
	if err != nil {
		return nil, explained(err, c.Schema)
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
