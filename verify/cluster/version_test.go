package cluster

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]Version{
		"1.31": {1, 31}, "1.36": {1, 36}, "v1.37.2": {1, 37}, "1.34+": {1, 34}, "1.33.5-gke.1162000": {1, 33}, "v1.32.9+rke2r1": {1, 32},
	} {
		if got, err := ParseVersion(text); err != nil || got != want {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"1.30", "1.38", "2.0", "0.36", "1.99999", "", "1", "1.x", "latest", "1.36 ", "1.36\n", "1.3600x", "-1.36"} {
		got, err := ParseVersion(text)
		if err == nil || !strings.Contains(err.Error(), "from 1.31 to 1.37") {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
}

// TestVersionOrder: a version is at least every earlier one, and the zero Version is the default.
func TestVersionOrder(t *testing.T) {
	for v := OldestVersion.Minor; v <= NewestVersion.Minor; v++ {
		for minor := OldestVersion.Minor; minor <= NewestVersion.Minor; minor++ {
			if got := (Version{1, v}).AtLeast(minor); got != (v >= minor) {
				t.Errorf("1.%d at least 1.%d: %v", v, minor, got)
			}
		}
		if (Version{}).AtLeast(v) != DefaultVersion.AtLeast(v) {
			t.Errorf("the zero Version is not %s", DefaultVersion)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, text := range []string{"1.36", "v1.37.2", "1.31+", "1.30", "99999999999999999999.1", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseVersion(text)
		if (err == nil) != (v != Version{}) {
			t.Errorf("%q: %s, %v", text, v, err)
		}
		if again, _ := ParseVersion(fmt.Sprint(v)); err == nil && again != v {
			t.Errorf("%q: %s is parsed as %s", text, v, again)
		}
	})
}
