package facts

import "testing"

// TestMisspelt: which words are likely misspellings, and which are names of several things.
func TestMisspelt(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"web", "wbe", true},
		{"web", "webb", true},
		{"frontend", "frontent", true},
		{"checkout-api", "chekout-api", true},
		{"my-app", "myapp", true},
		{"web", "web", false},
		{"web", "api", false},
		{"leader", "reader", false},
		{"web-v1", "web-v2", false},
		{"redis", "redis6", false},
		{"web-a", "web-b", false},
		{"web-eu", "web-us", false},
		{"db", "dv", false},
		{"frontend", "backend", false},
		{"", "a", false},
	} {
		if Misspelt(c.a, c.b) != c.want || Misspelt(c.b, c.a) != c.want {
			t.Errorf("%s and %s: want %t", c.a, c.b, c.want)
		}
	}
}
