package similar

import "testing"

func TestNearest(t *testing.T) {
	list := []string{"survives", "nodes", "zones", "bus.replicas"}
	for word, want := range map[string]string{"survive": "survives", "node": "nodes", "zoens": "zones", "bus.replica": "bus.replicas", "filename": "", "": ""} {
		if got, ok := Nearest(word, list); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q %v, want %q", word, got, ok, want)
		}
	}
	if _, ok := Nearest("x", nil); ok {
		t.Error("a word of an empty list")
	}
	if got := Hint("node", list); got != "did you mean nodes? " {
		t.Errorf("hint %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"abc", "abc", 0}} {
		if got, back := Distance(c.a, c.b), Distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q and %q: %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}
