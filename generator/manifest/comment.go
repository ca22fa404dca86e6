package manifest

import "strings"

// Comment wraps text into comment lines of at most 120 columns. Each line starts with prefix.
func Comment(text, prefix string) string {
	const width = 120
	var out strings.Builder
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > width && line != prefix {
			out.WriteString(strings.TrimRight(line, " ") + "\n")
			line = prefix
		}
		line += word + " "
	}
	return out.String() + strings.TrimRight(line, " ") + "\n"
}
