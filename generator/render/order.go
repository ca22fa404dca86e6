package render

import (
	"path"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"helm.sh/helm/v3/pkg/releaseutil"
)

// collect splits rendered templates into objects, in Helm's install order. Hooks come last: Helm runs them separately.
func collect(texts map[string]string) ([]manifest.Object, error) {
	var all []manifest.Object
	for file, text := range texts {
		if path.Base(file) == notesFile {
			continue
		}
		objects, err := manifest.Split(file, text)
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	slices.SortStableFunc(all, func(a, b manifest.Object) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		if d := strings.Compare(a.Kind, b.Kind); d != 0 {
			return d
		}
		if d := strings.Compare(a.Source, b.Source); d != 0 {
			return d
		}
		return a.Index - b.Index
	})
	return all, nil
}

var installOrder = func() map[string]int {
	order := map[string]int{}
	for i, kind := range releaseutil.InstallOrder {
		order[kind] = i
	}
	return order
}()

// rank returns the place of an object in Helm's install order: known kinds, unknown kinds, hooks.
func rank(o manifest.Object) int {
	i, ok := installOrder[o.Kind]
	if !ok {
		i = len(installOrder)
	}
	if o.Hook {
		i += len(installOrder) + 1
	}
	return i
}
