package labelindex

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// TestCandidates: both indexes return everything that matches, in order, and few others.
func TestCandidates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	type object struct {
		namespace string
		labels    map[string]string
		selector  labels.Selector
	}
	var all []object
	var withLabels Labels[int]
	var withSelector Selectors[int]
	for i := range 200 {
		app := fmt.Sprint("app-", i/2)
		selector := pick("app="+app, "app="+app+",part=x", "part=x", "app in ("+app+",app-1)", "app!="+app, "", "part,app=="+app)
		s, err := labels.Parse(selector)
		if err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 {
			s = labels.Nothing()
		}
		o := object{pick("a", "b"), map[string]string{"app": app, "part": pick("x", "y")}, s}
		all = append(all, o)
		withLabels.Add(o.namespace, o.labels, i)
		withSelector.Add(o.namespace, o.selector, i)
	}
	tried, pairs := 0, 0
	for i, selecting := range all {
		candidates := withLabels.Candidates(selecting.namespace, selecting.selector)
		if !slices.IsSorted(candidates) {
			t.Errorf("%v is not in order", candidates)
		}
		tried += len(candidates)
		for j, selected := range all {
			pairs++
			if selecting.namespace != selected.namespace || !selecting.selector.Matches(labels.Set(selected.labels)) {
				continue
			}
			if !slices.Contains(candidates, j) {
				t.Errorf("%q does not find %v", selecting.selector, selected.labels)
			}
			selectors := withSelector.Candidates(selected.namespace, selected.labels)
			if !slices.Contains(selectors, i) || !slices.IsSorted(selectors) {
				t.Errorf("%v does not find %q in %v", selected.labels, selecting.selector, selectors)
			}
		}
	}
	if len(withLabels.All()) != len(all) {
		t.Errorf("%d of %d items", len(withLabels.All()), len(all))
	}
	if tried > pairs*6/10 {
		t.Errorf("%d candidates of %d pairs", tried, pairs)
	}
}

// TestRareLabel: a label that all selectors require does not hide the one that tells them apart.
func TestRareLabel(t *testing.T) {
	var x Selectors[int]
	for i := range 100 {
		x.Add("", labels.SelectorFromSet(labels.Set{"all": "same", "app": fmt.Sprint(i)}), i)
	}
	if got := x.Candidates("", map[string]string{"all": "same", "app": "50"}); len(got) > 2 || !slices.Contains(got, 50) {
		t.Errorf("candidates %v, want 50 and at most one more", got)
	}
}
