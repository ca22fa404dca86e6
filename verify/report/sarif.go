package report

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// stdin is the name of standard input in positions.
const stdin = "-"

// home is the address of the project.
const home = "https://github.com/holdfast-ha/holdfast"

// WriteSARIF writes findings and breaches of the requirement as SARIF 2.1.0, which code hosts show beside the lines of a
// change. Findings have the level of their severity and are suppressed if they are ignored; breaches are errors. Files below root,
// an absolute path, are relative to it. The version is that of holdfast.
func (r Report) WriteSARIF(out io.Writer, root, version string) error {
	run := sarif.NewRunWithInformationURI("holdfast", home)
	run.Tool.Driver.WithVersion(version)
	for _, rule := range slices.Concat(r.Rules, r.RequirementRules) {
		describe(run, rule)
	}
	seen := counter{}
	for _, f := range r.Findings {
		result := newResult(run, f.Rule, f.Severity, f.Object+": "+f.Message, seen.next(f.Fingerprint))
		result.AddLocation(location(root, f.File, f.Line, f.Object))
		if f.Ignored != "" {
			kind := "inSource"
			if f.IgnoredAt != "" {
				kind = "external"
			}
			result.AddSuppression(sarif.NewSuppression().WithKind(kind).WithStatus("accepted").WithJustification(f.Ignored))
		}
	}
	for _, b := range r.Breaches {
		file, line := b.Workload.place()
		result := newResult(run, b.Rule, sarif.LevelError, b.String(), seen.next(b.Fingerprint))
		result.AddLocation(location(root, file, line, b.Workload.Name))
	}
	log := sarif.NewReport()
	log.AddRun(run)
	if err := log.PrettyWrite(out); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// describe adds a rule with what it protects and the fix.
func describe(run *sarif.Run, r Rule) {
	words := sentence(strings.ReplaceAll(r.ID, "-", " "))
	if domain, ok := strings.CutPrefix(r.ID, RequirementRule("lose ")); ok {
		words = "Requirement: " + domain + " failure"
	} else if event, ok := strings.CutPrefix(r.ID, RequirementRule("")); ok && slices.Contains([]string{SteadyState, "drain-node", Rollout}, event) {
		words = "Requirement: " + noun(strings.ReplaceAll(event, "-", " "))
	}
	text := func(s string) *sarif.MultiformatMessageString { return sarif.NewMultiformatMessageString().WithText(s) }
	rule := run.AddRule(r.ID)
	rule.WithShortDescription(text(words + "."))
	rule.WithFullDescription(text(r.Protects))
	rule.WithHelpURI(home + "/blob/main/docs/rules.md#" + r.ID)
	rule.WithHelp(text(r.Protects + " " + r.Fix))
	rule.WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(r.Severity))
}

// newResult returns a result that keeps its identity when lines change.
func newResult(run *sarif.Run, rule, level, message, fingerprint string) *sarif.Result {
	return run.CreateResultForRule(rule).WithLevel(level).WithMessage(sarif.NewTextMessage(message)).
		WithPartialFingerprints(map[string]string{"holdfast/v1": fingerprint})
}

// location is a line of a file, and the object there. Standard input has a file name too, since some programs drop results
// without one.
func location(root, file string, line int, object string) *sarif.Location {
	place := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(address(root, file))).WithRegion(sarif.NewSimpleRegion(line, line))
	return sarif.NewLocationWithPhysicalLocation(place).WithLogicalLocations([]*sarif.LogicalLocation{
		sarif.NewLogicalLocation().WithFullyQualifiedName(object).WithKind("resource"),
	})
}

// address is a file as a URI, relative to root if it is below it.
func address(root, file string) string {
	if file == stdin {
		return "stdin"
	}
	if filepath.IsAbs(file) {
		below, err := filepath.Rel(root, file)
		if err != nil || !filepath.IsLocal(below) {
			return (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
		}
		file = below
	}
	return (&url.URL{Path: filepath.ToSlash(filepath.Clean(file))}).String()
}

// place is the position of the workload.
func (w Workload) place() (file string, line int) {
	at := strings.LastIndexByte(w.At, ':')
	line, _ = strconv.Atoi(w.At[at+1:])
	return w.At[:max(at, 0)], line
}

// counter numbers equal fingerprints: "0123:1", "0123:2".
type counter map[string]int

func (c counter) next(fingerprint string) string {
	c[fingerprint]++
	return fmt.Sprintf("%s:%d", fingerprint, c[fingerprint])
}
