package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Locate converts an error of the YAML library about text into the form "file:line: message", one on each line.
//
// Type errors of the library have the right line. Its syntax errors have the line where a block starts, a line that counts from
// 0, or none: this file corrects them.
func Locate(file string, text []byte, err error) error { return join(file, parseError(text, err)) }

// fault is a single error and its line.
type fault struct {
	line    int
	message string
}

func (f fault) isTypeError() bool { return strings.HasPrefix(f.message, "cannot unmarshal ") }

func join(file string, faults []fault) error {
	lines := make([]string, len(faults))
	for i, f := range faults {
		lines[i] = fmt.Sprintf("%s:%d: %s", file, f.line, f.message)
	}
	return errors.New(strings.Join(lines, "\n"))
}

var (
	atLine  = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)
	unknown = regexp.MustCompile(`(?s)^field (.*) not found in type .*`)
)

// parseError splits an error of the library into faults.
func parseError(text []byte, err error) []fault {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		line, message := parse(err.Error())
		return []fault{{lineOf(text, line, message), message}}
	}
	var all []fault
	for _, one := range typed.Errors {
		line, message := parse(one)
		all = append(all, fault{line, unknown.ReplaceAllString(message, "unknown key $1")})
	}
	return all
}

// parse splits an error text of the library into its line, 0 without one, and the message.
func parse(text string) (line int, message string) {
	prefix := atLine.FindStringSubmatch(text)
	line, _ = strconv.Atoi(prefix[1])
	return line, text[len(prefix[0]):]
}

var (
	// parserMessage matches messages of the library's parser, whose lines count from 0. Those of its scanner count from 1.
	parserMessage = regexp.MustCompile(`^did not find expected (<|node content|',' or)|^found (undefined|duplicate|incompatible)`)
	// blockMessage matches messages with the line where a block starts, which may be far above the error.
	blockMessage = regexp.MustCompile(`^did not find expected (key|'-' indicator)`)
)

// lineOf returns the line of a syntax error. line is that of the library's message, 0 without one.
func lineOf(text []byte, line int, message string) int {
	lines := bytes.SplitAfter(bytes.TrimRight(text, "\n"), []byte("\n"))
	switch {
	case parserMessage.MatchString(message):
		return min(line+1, len(lines))
	case line > 0 && !blockMessage.MatchString(message):
		return line
	}
	// The error is in the first line up to which the text yields the same message.
	end, ends := 0, make([]int, len(lines))
	for i, l := range lines {
		end += len(l)
		ends[i] = end
	}
	before := sort.Search(len(lines)-1, func(i int) bool {
		_, m := parse(firstError(text[:ends[i]]))
		return i >= line && m == message
	})
	return before + 1
}

// firstError returns the library's first error about a text, "" without one.
func firstError(text []byte) string {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if err == nil {
			err = document.Decode(new(any))
		}
		switch {
		case errors.Is(err, io.EOF):
			return ""
		case err != nil:
			return err.Error()
		}
	}
}
