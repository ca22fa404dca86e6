package render

import (
	"errors"
	"maps"
	"path"
	"runtime"
	"sync"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// execute runs the chart's templates with Helm's engine on all processors, and returns the text of each file. Templates only read the values,
// so the parts are independent. Only a template that includes another by the name of its file, as for the checksum of a ConfigMap, fails in a
// part. So after an error the whole chart runs as one, which also makes the error that of Helm, whatever the number of processors.
func execute(c *Chart, values chartutil.Values) (map[string]string, error) {
	n := runtime.GOMAXPROCS(0)
	texts, errs := make([]map[string]string, n), make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { texts[i], errs[i] = engine.Render(part(c, i, n), values) })
	}
	wait.Wait()
	if errors.Join(errs...) != nil {
		return engine.Render(c, values)
	}
	all := texts[0]
	for _, more := range texts[1:] {
		maps.Copy(all, more)
	}
	return all, nil
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
