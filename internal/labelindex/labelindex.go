// Package labelindex finds the selectors that match labels, and the labels that a selector matches, without comparing every pair.
//
// Most selectors require a label with one value, like app: web. Both indexes are keyed by such labels. They return candidates: all
// that match, and a few that do not. Callers compare these.
package labelindex

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// label is a label in a namespace.
type label struct{ namespace, key, value string }

// required returns the labels that everything has that a selector matches.
func required(namespace string, s labels.Selector) []label {
	var all []label
	requirements, _ := s.Requirements()
	for _, r := range requirements {
		switch r.Operator() {
		case selection.Equals, selection.DoubleEquals, selection.In:
			if values := r.ValuesUnsorted(); len(values) == 1 {
				all = append(all, label{namespace, r.Key(), values[0]})
			}
		}
	}
	return all
}

// Selectors is an index of items with a selector. The zero value is empty.
type Selectors[T any] struct {
	byLabel map[label][]numbered[T]
	// others have a selector that requires no label, or selects in several namespaces.
	others []numbered[T]
	count  int
}

type numbered[T any] struct {
	number int
	item   T
}

// Add adds an item whose selector matches in one namespace.
func (x *Selectors[T]) Add(namespace string, s labels.Selector, item T) {
	all := required(namespace, s)
	if len(all) == 0 {
		x.AddEverywhere(item)
		return
	}
	if x.byLabel == nil {
		x.byLabel = map[label][]numbered[T]{}
	}
	rarest := slices.MinFunc(all, func(a, b label) int { return len(x.byLabel[a]) - len(x.byLabel[b]) })
	x.byLabel[rarest] = append(x.byLabel[rarest], numbered[T]{x.count, item})
	x.count++
}

// AddEverywhere adds an item that is always a candidate.
func (x *Selectors[T]) AddEverywhere(item T) {
	x.others = append(x.others, numbered[T]{x.count, item})
	x.count++
}

// Candidates returns the items that may select labels in a namespace, in the order in which they were added.
func (x *Selectors[T]) Candidates(namespace string, set map[string]string) []T {
	found := slices.Clone(x.others)
	for key, value := range set {
		found = append(found, x.byLabel[label{namespace, key, value}]...)
	}
	slices.SortFunc(found, func(a, b numbered[T]) int { return a.number - b.number })
	items := make([]T, len(found))
	for i, f := range found {
		items[i] = f.item
	}
	return items
}

// Labels is an index of items with labels. The zero value is empty.
type Labels[T any] struct {
	byLabel map[label][]T
	all     []T
}

// Add adds an item.
func (x *Labels[T]) Add(namespace string, set map[string]string, item T) {
	if x.byLabel == nil {
		x.byLabel = map[label][]T{}
	}
	for key, value := range set {
		l := label{namespace, key, value}
		x.byLabel[l] = append(x.byLabel[l], item)
	}
	x.all = append(x.all, item)
}

// All returns all items, in the order in which they were added. Callers must not change the list.
func (x *Labels[T]) All() []T { return x.all }

// Candidates returns the items in a namespace that a selector may match, in the order in which they were added. Callers must not
// change the list.
func (x *Labels[T]) Candidates(namespace string, s labels.Selector) []T {
	if _, selects := s.Requirements(); !selects {
		return nil
	}
	candidates := x.all
	for _, l := range required(namespace, s) {
		if with := x.byLabel[l]; len(with) < len(candidates) {
			candidates = with
		}
	}
	return candidates
}
