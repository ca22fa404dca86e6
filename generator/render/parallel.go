package render

import (
	"maps"
	"path"
	"runtime"
	"sync"
	"sync/atomic"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// execute runs the chart's templates with Helm's engine on all processors, and returns the text of each file.
// Templates only read the values, so the parts are independent.
func execute(c *Chart, values chartutil.Values) (map[string]string, error) {
	processors := runtime.GOMAXPROCS(0)
	n := processors
	if processors > 1 && entries(map[string]any(values)) > manyEntries {
		n *= 4
	}
	texts, errs := make([]map[string]string, n), make([]error, n)
	var next atomic.Int32
	var wait sync.WaitGroup
	for range processors {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				texts[i], errs[i] = engine.Render(part(c, i, n), values)
			}
		})
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

// manyEntries is a number of values from which the templates that repeat an object take longer than the engine takes to parse all templates.
// Then there are more parts than processors, because a few such templates can make one part several times as long as another.
const manyEntries = 5000

// entries counts the values in maps and lists.
func entries(value any) (n int) {
	switch value := value.(type) {
	case map[string]any:
		for _, v := range value {
			n += 1 + entries(v)
		}
	case chartutil.Values:
		n = entries(map[string]any(value))
	case []any:
		for _, v := range value {
			n += 1 + entries(v)
		}
	}
	return n
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
