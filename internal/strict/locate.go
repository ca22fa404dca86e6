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

// Locate turns what the YAML library says of a text into "file:line: what was wrong", a line for each.
func Locate(file string, text []byte, err error) error { return join(file, faultsOf(text, err)) }

// fault is one thing that is wrong, and the line where it is.
type fault struct {
	line int
	says string
}

func (f fault) mistyped() bool { return strings.HasPrefix(f.says, "cannot unmarshal ") }

func join(file string, faults []fault) error {
	lines := make([]string, len(faults))
	for i, f := range faults {
		lines[i] = fmt.Sprintf("%s:%d: %s", file, f.line, f.says)
	}
	return errors.New(strings.Join(lines, "\n"))
}

var (
	atLine  = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)
	unknown = regexp.MustCompile(`(?s)^field (.*) not found in type .*`)
)

// faultsOf are what the library says of a text.
func faultsOf(text []byte, err error) []fault {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		line, says := parse(err.Error())
		return []fault{{lineOf(text, line, says), says}}
	}
	var all []fault
	for _, one := range typed.Errors {
		line, says := parse(one)
		all = append(all, fault{line, unknown.ReplaceAllString(says, "unknown key $1")})
	}
	return all
}

// parse takes a message of the library apart: its line, 0 if it has none, and what it says.
func parse(message string) (line int, says string) {
	at := atLine.FindStringSubmatch(message)
	line, _ = strconv.Atoi(at[1])
	return line, message[len(at[0]):]
}

var (
	// ofParser is what the library's parser says, whose lines count from 0. Those of its scanner count from 1.
	ofParser = regexp.MustCompile(`^did not find expected (<|node content|',' or)|^found (undefined|duplicate|incompatible)`)
	// ofBlock is what it says of a block, with the line where that begins, which may be far above what is wrong with it.
	ofBlock = regexp.MustCompile(`^did not find expected (key|'-' indicator)`)
)

// lineOf is the line of what is no YAML, by the line that the library says, 0 if it says none.
func lineOf(text []byte, line int, says string) int {
	lines := bytes.SplitAfter(bytes.TrimRight(text, "\n"), []byte("\n"))
	switch {
	case ofParser.MatchString(says):
		return min(line+1, len(lines))
	case line > 0 && !ofBlock.MatchString(says):
		return line
	}
	// It is the first line up to which the same is wrong: of less text the library says nothing, or something else.
	end, ends := 0, make([]int, len(lines))
	for i, l := range lines {
		end += len(l)
		ends[i] = end
	}
	before := sort.Search(len(lines)-1, func(i int) bool {
		_, s := parse(trouble(text[:ends[i]]))
		return i >= line && s == says
	})
	return before + 1
}

// trouble is the first thing that the library says of a text, "" if it says nothing.
func trouble(text []byte) string {
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
