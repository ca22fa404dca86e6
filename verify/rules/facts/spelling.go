package facts

import (
	"strings"
	"unicode"
)

// Misspells reports whether a selector matches labels but for one misspelt value or one misspelt key.
func Misspells(selector, labels map[string]string) bool {
	misspelt := 0
	for key, want := range selector {
		value, ok := labels[key]
		switch {
		case ok && value == want:
			continue
		case ok && Misspelt(value, want):
		case !ok && hasSimilarKey(selector, labels, key, want):
		default:
			return false
		}
		misspelt++
	}
	return misspelt == 1
}

// hasSimilarKey reports whether a label with a similar key, which the selector does not have, has the wanted value.
func hasSimilarKey(selector, labels map[string]string, key, want string) bool {
	for other, value := range labels {
		if _, selected := selector[other]; !selected && value == want && Misspelt(other, key) {
			return true
		}
	}
	return false
}

// Misspelt reports whether one of two words is likely a misspelling of the other: one letter is missing, added, changed or swapped
// with the next, and the first letters are equal. Words that differ in digits, or in a part of one or two letters, are names of
// several things: "v1" and "v2", "web-a" and "web-b".
func Misspelt(a, b string) bool {
	const least = 3
	if min(len(a), len(b)) < least || a[0] != b[0] || differ(a, b) != 1 {
		return false
	}
	noDigits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return -1
			}
			return r
		}, s)
	}
	if noDigits(a) == noDigits(b) {
		return false
	}
	parts := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-._/", r) })
	}
	one, other := parts(a), parts(b)
	if len(one) != len(other) {
		return true
	}
	for i := range one {
		if one[i] != other[i] {
			return min(len(one[i]), len(other[i])) >= least
		}
	}
	return true
}

// differ returns the number of letters to add, remove, change or swap with the next to turn one word into the other: 0, 1, or 2 for
// more than one.
func differ(a, b string) int {
	if a == b {
		return 0
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	rest := []string{a[i:], b[i:]}
	added := len(b) == len(a)+1 && rest[0] == rest[1][1:]
	changed := len(a) == len(b) && rest[0][1:] == rest[1][1:]
	swapped := len(a) == len(b) && len(rest[0]) > 1 && rest[0][0] == rest[1][1] && rest[0][1] == rest[1][0] && rest[0][2:] == rest[1][2:]
	if added || changed || swapped {
		return 1
	}
	return 2
}
