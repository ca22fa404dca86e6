// Package plain makes text of other people safe to print: on a terminal, and in the log of a CI system.
package plain

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns a text on one line. Characters that a terminal interprets or does not show are escaped as in Go: control
// characters, line breaks, bidirectional and other invisible format characters, and invalid UTF-8.
func Text(s string) string { return escape(s, false) }

// Lines is Text for several lines. It also disarms the commands of CI systems.
func Lines(s string) string { return Disarm(escape(s, true)) }

func escape(s string, lines bool) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return special(r, lines) }) {
		return s
	}
	var text strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if special(r, lines) {
			quoted := strconv.QuoteToASCII(s[:size])
			text.WriteString(quoted[1 : len(quoted)-1])
		} else {
			text.WriteRune(r)
		}
		s = s[size:]
	}
	return text.String()
}

// special reports whether a character is escaped. A space is the only white space that is not.
func special(r rune, lines bool) bool {
	return r == utf8.RuneError || r != ' ' && !unicode.IsGraphic(r) && (r != '\n' || !lines) || r != ' ' && unicode.IsSpace(r) && (r != '\n' || !lines)
}

// command matches what a CI system takes for a command: "::" at the start of a line and "##[" in GitHub Actions, "##vso[" in Azure
// Pipelines, "##teamcity[" in TeamCity.
var command = regexp.MustCompile(`(?m)(^[ \t]*:|#)(:|#(?:vso|teamcity)?\[)`)

// Disarm puts a backslash into each command of a CI system.
func Disarm(s string) string { return command.ReplaceAllString(s, `$1\$2`) }
