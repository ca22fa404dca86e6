package preflight

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/preflight/checks"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure"`
	// Out has findings that do not count, and the summary.
	Out string `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report for a CI system: a test case for each check, a failure for each that counts against the cluster.
func (r Report) WriteJUnit(out io.Writer) error {
	suite := junitSuite{Name: "holdfast preflight", Tests: len(r.Checks)}
	for _, c := range r.Checks {
		one := junitCase{Class: "preflight", Name: c.ID}
		var lines []string
		if c.Summary != "" {
			lines = append(lines, plain.Text(c.Summary))
		}
		for _, f := range c.Findings {
			object := ""
			if f.Object != "" {
				object = f.Object + ": "
			}
			lines = append(lines, plain.Text(fmt.Sprintf("%s: %s%s. Fix: %s", f.Status, object, f.Message, f.Fix)))
		}
		text := strings.Join(lines, "\n")
		if c.counts() {
			suite.Failures++
			one.Failure = &junitFailure{Message: fmt.Sprintf("%s: %s", c.Status, c.Title), Text: text}
		} else {
			one.Out = text
		}
		suite.Cases = append(suite.Cases, one)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, xml.Header+string(text)+"\n")
	return err
}

// counts reports whether the cluster does not pass because of the check.
func (c Result) counts() bool { return !c.Accepted && c.Status.Worse(checks.Warn) }
