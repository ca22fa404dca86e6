// Package similar finds what a misspelt word was meant to be.
package similar

// Nearest returns the word of a list with the fewest changed letters; ok is false if more than a third of its letters differ.
func Nearest(word string, list []string) (nearest string, ok bool) {
	least := 0
	for _, other := range list {
		if d := Distance(word, other); nearest == "" || d < least {
			nearest, least = other, d
		}
	}
	return nearest, nearest != "" && least <= max(1, (len(nearest)+1)/3)
}

// Hint returns the nearest word as the start of an advice, "did you mean WORD? ", or "".
func Hint(word string, list []string) string {
	if nearest, ok := Nearest(word, list); ok {
		return "did you mean " + nearest + "? "
	}
	return ""
}

// Distance returns how many letters must be inserted, removed or replaced to change one word into another.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
