package render

import (
	"bytes"
	"maps"
	"path"
	"runtime"
	"slices"
	"sync"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// execute runs the chart's templates with Helm's engine on all processors, and returns the text of each file.
// Templates only read the values, so the parts are independent.
func execute(c *Chart, values chartutil.Values) (map[string]string, error) {
	n := runtime.GOMAXPROCS(0)
	if includesFiles(c) {
		n = 1
	}
	texts, errs := make([]map[string]string, n), make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { texts[i], errs[i] = engine.Render(part(c, i, n), values) })
	}
	wait.Wait()
	if err := firstError(errs); err != nil {
		return nil, err
	}
	all := texts[0]
	for _, more := range texts[1:] {
		maps.Copy(all, more)
	}
	return all, nil
}

// includesFiles reports whether a template may include another by the name of its file, as for the checksum of a ConfigMap. A part does not
// have the templates of other parts under their names.
func includesFiles(c *Chart) bool {
	byName := []byte(`"` + c.Name() + "/templates/")
	return slices.ContainsFunc(c.Templates, func(file *helmchart.File) bool {
		return bytes.Contains(file.Data, []byte(".Template.")) || bytes.Contains(file.Data, byName)
	})
}

// part returns the chart with every n-th template, from the i-th on. The names of the others get an underscore in front: the
// engine parses them for their definitions, but does not run them.
func part(c *Chart, i, n int) *Chart {
	p := *c
	p.Templates = make([]*helmchart.File, len(c.Templates))
	for j, file := range c.Templates {
		p.Templates[j] = file
		if j%n != i {
			p.Templates[j] = &helmchart.File{Name: path.Join(path.Dir(file.Name), "_"+path.Base(file.Name)), Data: file.Data}
		}
	}
	return &p
}

// firstError returns the first error in the order of the parts, so that it does not depend on their speed.
func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
