package verdict

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// fingerprint identifies a finding: it stays the same after edits elsewhere.
func fingerprint(rule, object, message string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + object + "\x00" + stable(message)))
	return hex.EncodeToString(sum[:8])
}

// stable returns a message with # for each word that contains a digit: lines, numbers of pods and generated names change.
func stable(message string) string {
	return strings.Join(strings.Fields(numbered.ReplaceAllString(message, "#")), " ")
}

var numbered = regexp.MustCompile(`\S*\d\S*`)
