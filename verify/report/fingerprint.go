package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// fingerprint names a finding so that it is the same after an edit elsewhere.
func fingerprint(rule, object, message string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + object + "\x00" + stable(message)))
	return hex.EncodeToString(sum[:8])
}

// stable is a message without the words that have a digit in them, for lines, numbers of pods and generated names change.
func stable(message string) string {
	return strings.Join(strings.Fields(numbered.ReplaceAllString(message, "#")), " ")
}

var numbered = regexp.MustCompile(`\S*\d\S*`)

func (f Finding) fingerprint() string { return fingerprint(f.Rule, f.Object, f.Message) }

// fingerprint of a breach counts a worse verdict as another.
func (b breach) fingerprint() string {
	return fingerprint(b.rule(), b.workload.Name, b.worst.Verdict)
}

// counter tells equal fingerprints apart by their order: "0123:1", "0123:2".
type counter map[string]int

func (c counter) next(fingerprint string) string {
	c[fingerprint]++
	return fmt.Sprintf("%s:%d", fingerprint, c[fingerprint])
}
