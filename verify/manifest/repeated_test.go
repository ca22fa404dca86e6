package manifest

import (
	"fmt"
	"slices"
	"testing"
)

// TestRepeated: the last value of a repeated key counts, its position is that of the value, and the object has a note.
func TestRepeated(t *testing.T) {
	all, err := Parse("m.yaml", []byte(`
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a, labels: {app: one, app: two}}
- apiVersion: v1
  kind: ConfigMap
  metadata: &m
    name: b
  data: {x: '1'}
  data:
    x: '2'
    y: &y {k: '1', k: '2'}
    x: '3'
  <<: *m
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
`))
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	for i, want := range [][]string{{"app 7 7"}, {"data 12 13", "x 14 16", "k 15 15"}, nil} {
		var got []string
		for _, r := range all[i].Repeated {
			got = append(got, fmt.Sprintf("%s %d %d", r.Key, r.First, r.Last))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", all[i], got, want)
		}
	}
	var b struct {
		Data map[string]any `json:"data"`
	}
	if err := all[1].Decode(&b); err != nil || b.Data["x"] != "3" || all[1].Line("data", "x") != 16 || all[0].Labels["app"] != "two" {
		t.Errorf("%v at line %d, %v (%v)", b, all[1].Line("data", "x"), all[0].Labels, err)
	}
}
