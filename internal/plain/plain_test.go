package plain

import (
	"strings"
	"testing"
	"unicode"
)

func TestText(t *testing.T) {
	for given, want := range map[string]string{
		"store":                   "store",
		"größe 東京 1 a/b":          "größe 東京 1 a/b",
		"a\nb\r\tc":               `a\nb\r\tc`,
		"\x1b[31mred\x1b]0;t\a":   `\x1b[31mred\x1b]0;t\a`,
		"c1 \u009b31m":            `c1 \u009b31m`,
		"bidi \u202e \u2066":      `bidi \u202e \u2066`,
		"zero width \u200b\ufeff": `zero width \u200b\ufeff`,
		"separators \u2028\u0085": `separators \u2028\u0085`,
		"bytes \xff":              `bytes \xff`,
		"replaced \ufffd":         `replaced \ufffd`,
	} {
		if got := Text(given); got != want {
			t.Errorf("%q: got %s, want %s", given, got, want)
		}
	}
}

func TestDisarm(t *testing.T) {
	for given, want := range map[string]string{
		"a\n::error file=x::forged\n":     "a\n:\\:error file=x::forged\n",
		"  ::stop-commands::x":            "  :\\:stop-commands::x",
		"see ##[error]x and ##vso[task]y": "see #\\#[error]x and #\\#vso[task]y",
		"##teamcity[x]":                   "#\\#teamcity[x]",
		"## heading\na::b ipv6 [::1]":     "## heading\na::b ipv6 [::1]",
	} {
		if got := Lines(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

// FuzzLines checks that the text has only printable characters, and that no line is a command.
func FuzzLines(f *testing.F) {
	f.Add("a\n::error::b\x1b[2J")
	f.Add(" \t::x\u202e##[add-path]y")
	f.Fuzz(func(t *testing.T, s string) {
		for line := range strings.SplitSeq(Lines(s), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
				t.Errorf("%q: the line %q is a command", s, line)
			}
			if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsGraphic(r) }); i >= 0 {
				t.Errorf("%q: the line %q has a control character", s, line)
			}
		}
	})
}
