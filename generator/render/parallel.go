package render

import (
	"maps"
	"path"
	"runtime"
	"sync"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// execute runs the chart's templates by Helm's engine on all processors and returns the text of each file.
// Templates only read the values, so that the parts cannot see each other.
func execute(c *Chart, values chartutil.Values) (map[string]string, error) {
	n := runtime.GOMAXPROCS(0)
	texts, errs := make([]map[string]string, n), make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { texts[i], errs[i] = engine.Render(part(c, i, n), values) })
	}
	wait.Wait()
	if err := first(errs); err != nil {
		return nil, err
	}
	all := texts[0]
	for _, more := range texts[1:] {
		maps.Copy(all, more)
	}
	return all, nil
}

// part is the chart with only every n-th file put out, from the i-th on. The others are parsed, for their definitions, but
// not run: the engine does so with files whose names begin with an underscore.
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

// first is the first error there is: the same one whoever was faster.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
