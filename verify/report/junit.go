package report

import (
	"encoding/xml"
	"fmt"
	"io"
)

// The elements of JUnit XML that build servers read. There is no standard; these are the ones that Jenkins and GitLab show.
type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Suites   []suite  `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	testcase struct {
		Class   string  `xml:"classname,attr"`
		Name    string  `xml:"name,attr"`
		File    string  `xml:"file,attr,omitempty"`
		Failure *detail `xml:"failure"`
		Skipped *detail `xml:"skipped"`
		Out     string  `xml:"system-out,omitempty"`
	}
	detail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML with two suites. In the suite of the rules, each finding is a failure (skipped if
// it is ignored), and each rule without findings a success. In the suite of the workloads, each event is a test case, and a
// breach of the requirement a failure, or skipped if it is ignored.
func (r Report) WriteJUnit(out io.Writer) error {
	all := suites{Name: "holdfast verify"}
	all.add(r.ruleSuite())
	all.add(r.workloadSuite())
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s%s\n", xml.Header, text)
	return err
}

func (r Report) ruleSuite() suite {
	found, seen := map[string][]Finding{}, map[string]int{}
	for _, f := range r.Findings {
		found[f.Rule] = append(found[f.Rule], f)
	}
	s := suite{Name: "rules"}
	for _, rule := range r.Rules {
		if len(found[rule.ID]) == 0 {
			s.add(testcase{Class: "rules", Name: rule.ID, Out: rule.Protects})
		}
		for _, f := range found[rule.ID] {
			name := f.Rule + ": " + f.Object
			if seen[name]++; seen[name] > 1 {
				name += fmt.Sprintf(" (%d)", seen[name])
			}
			c := testcase{Class: "rules", Name: name, File: f.File}
			if f.Ignored != "" {
				c.Skipped = &detail{Message: f.Message + " (ignored: " + f.Ignored + ")"}
			} else {
				c.Failure = &detail{f.Message, f.Rule, fmt.Sprintf("%s:%d: %s: %s\n%s\n%s", f.File, f.Line, f.Object, f.Message, f.Protects, f.Fix)}
			}
			s.add(c)
		}
	}
	return s
}

func (r Report) workloadSuite() suite {
	breaches := map[[2]string]Breach{}
	for _, b := range r.Breaches {
		breaches[[2]string{b.Workload.Name, b.Worst.Event}] = b
	}
	s := suite{Name: "workloads"}
	for _, w := range r.Workloads {
		file, _ := w.place()
		for _, worst := range w.Worst {
			text := Breach{Workload: w, Worst: worst, Within: r.WithinSeconds}.String()
			c := testcase{Class: w.Name, Name: noun(worst.Event), File: file}
			breach, broken := breaches[[2]string{w.Name, worst.Event}]
			switch {
			case broken && breach.AsPlaced:
				c.Failure = &detail{breach.String(), AsPlaced, w.At + ": " + breach.String()}
			case broken:
				c.Failure = &detail{text, label(worst.Verdict), w.At + ": " + text}
			case worst.Ignored != "":
				c.Skipped = &detail{Message: text + " (ignored: " + worst.Ignored + ")"}
			case worst.Verdict != Serves:
				c.Out = text
			}
			s.add(c)
		}
	}
	return s
}

func (s *suites) add(one suite) {
	s.Suites = append(s.Suites, one)
	s.Tests, s.Failures, s.Skipped = s.Tests+one.Tests, s.Failures+one.Failures, s.Skipped+one.Skipped
}

func (s *suite) add(c testcase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}
