package generator

import (
	"github.com/holdfast-ha/holdfast/generator/importer"
	"github.com/holdfast-ha/holdfast/generator/manifest"
)

// Import turns the objects of an existing installation of Argo Events into values of the chart, and renders them to compare both.
func (c *Chart) Import(objects []importer.Object, r importer.Request, kubeVersion string) (*importer.Result, error) {
	return importer.Import(objects, r, func(namespace string, values map[string]any) ([]manifest.Object, error) {
		return c.Render(Options{Release: r.Release, Namespace: namespace, Values: values, KubeVersion: kubeVersion, NoHooks: true})
	})
}
