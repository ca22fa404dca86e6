package availability

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	r, err := Parse("rates.yaml", []byte("node: {perYear: 2}\nstart: 90s\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Node.PerYear, want.Start, want.file = 2, 90*time.Second, "rates.yaml"
	if r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
	for text, want := range map[string]string{
		"node: {peryear: 2}":          "rates.yaml:1: unknown key peryear",
		"start: soon":                 `rates.yaml:1: start: is "soon": want a time, 90s or 1h30m`,
		"zone: {perYear: -1}":         "rates.yaml: zone.perYear: is out of range",
		"node: {perYear: .nan}":       "rates.yaml: node.perYear: is out of range",
		"drains: {away: 10000h}":      "rates.yaml: drains.away: is out of range",
		"":                            "rates.yaml: is empty",
		"start: 1s\n---\nstart: 2s\n": "rates.yaml: has more than one YAML document",
	} {
		if _, err := Parse("rates.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// TestAssumptions: each rate has a value and a source; the source of a changed rate is the file.
func TestAssumptions(t *testing.T) {
	changed, err := Parse("rates.yaml", []byte("zone: {repair: 1h30m}"))
	if err != nil {
		t.Fatal(err)
	}
	now := changed.Assumptions()
	for i, a := range Default().Assumptions() {
		if a.Key == "" || a.Value == "" || a.Source == "" || a.Source == "rates.yaml" {
			t.Errorf("%+v", a)
		}
		if fromFile := now[i].Source == "rates.yaml"; fromFile != (a.Key == "zone.repair") {
			t.Errorf("%+v", now[i])
		}
	}
	if now[3].Value != "1h30m" {
		t.Errorf("got %s", now[3].Value)
	}
	for d, want := range map[time.Duration]string{6 * time.Hour: "6h", 10 * time.Minute: "10m", 50 * time.Second: "50s", 90 * time.Second: "1m30s", 0: "0s", time.Hour + time.Second: "1h0m1s"} {
		if got := span(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("node: {perYear: 2, repair: 1h}\nstart: 90s\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse("f", text)
		if err != nil {
			return
		}
		s := Subject{On: []Spot{{Node: "a", Zone: "z", Pods: 1}, {Node: "b", Zone: "y", Pods: 2}}, Needs: 2,
			NodeAway: r.Node.Repair, ZoneAway: r.Zone.Repair, DrainEvicts: 1, DrainAway: r.Drains.Away, RolloutStops: 1, RolloutAway: r.Start, Election: r.Election}
		if down := s.Down(r); !(down >= 0 && down <= 1) {
			t.Errorf("%+v: down for %v of the time", r, down)
		}
	})
}
