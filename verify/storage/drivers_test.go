package storage

import "testing"

// TestDrivers: each driver is listed once, with a scope and a source.
func TestDrivers(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range drivers {
		if d.name == "" || d.source == "" || seen[d.name] || d.scope != Anywhere && labels[d.scope] == nil {
			t.Errorf("%+v: no name, no source, no scope or a duplicate", d)
		}
		if seen[d.name] = true; knownDriver(d.name).name != d.name {
			t.Errorf("%s is found as %s", d.name, knownDriver(d.name).name)
		}
	}
	for _, e := range exceptions {
		if knownDriver(e.driver) == nil {
			t.Errorf("exception for unknown driver %s", e.driver)
		}
	}
}
