package report

import (
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/rules"
)

// home is where the project is found.
const home = "https://github.com/holdfast-ha/holdfast"

// WriteSARIF writes findings and what breaks the claim as SARIF 2.1.0, which code hosts show beside the lines of a change.
// Findings are warnings, suppressed where they are ignored; what breaks the claim is an error. Files are relative to root,
// an absolute path, where they are below it.
func (r Report) WriteSARIF(out io.Writer, root string) error {
	run := sarif.NewRunWithInformationURI("holdfast", home)
	for _, rule := range rules.All() {
		describe(run, rule.ID, rule.Protects, rule.Fix)
	}
	for _, p := range promises {
		describe(run, claimRule(string(p.event)), p.says, "Spread the pods, or run as many that enough are left; where it is only too late, let them leave a lost node sooner (tolerationSeconds); or claim less.")
	}
	seen := counter{}
	for _, f := range r.Findings {
		made := result(run, f.Rule, sarif.LevelWarning, f.Object+": "+f.Message, seen.next(f.fingerprint()))
		made.AddLocation(location(root, f.File, f.Line, f.Object))
		if f.Ignored != "" {
			kind := "inSource"
			if f.IgnoredAt != "" {
				kind = "external"
			}
			made.AddSuppression(sarif.NewSuppression().WithKind(kind).WithStatus("accepted").WithJustification(f.Ignored))
		}
	}
	for _, b := range r.breaches() {
		file, line := b.workload.place()
		made := result(run, b.rule(), sarif.LevelError, b.String(), seen.next(b.fingerprint()))
		made.AddLocation(location(root, file, line, b.workload.Name))
	}
	log := sarif.NewReport()
	log.AddRun(run)
	if err := log.PrettyWrite(out); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// describe adds a rule: what it protects and how to mend it.
func describe(run *sarif.Run, id, protects, fix string) {
	words := strings.ReplaceAll(id, "-", " ")
	text := func(s string) *sarif.MultiformatMessageString { return sarif.NewMultiformatMessageString().WithText(s) }
	rule := run.AddRule(id)
	rule.WithShortDescription(text(strings.ToUpper(words[:1]) + words[1:] + "."))
	rule.WithFullDescription(text(protects))
	rule.WithHelp(text(protects + " " + fix))
}

// result is one that keeps its identity while lines move.
func result(run *sarif.Run, rule, level, message, fingerprint string) *sarif.Result {
	return run.CreateResultForRule(rule).WithLevel(level).WithMessage(sarif.NewTextMessage(message)).
		WithPartialFingerprints(map[string]string{"holdfast/v1": fingerprint})
}

// location is a line of a file, and the object there. Standard input is a file of this name, for there are programs that drop
// a result without one.
func location(root, file string, line int, object string) *sarif.Location {
	place := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(address(root, file))).WithRegion(sarif.NewSimpleRegion(line, line))
	return sarif.NewLocationWithPhysicalLocation(place).WithLogicalLocations([]*sarif.LogicalLocation{
		sarif.NewLogicalLocation().WithFullyQualifiedName(object).WithKind("resource"),
	})
}

// address is a file as a URI: relative to root where it is below it.
func address(root, file string) string {
	if file == manifest.Stdin {
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

// place is where the workload stands.
func (w Workload) place() (file string, line int) {
	at := strings.LastIndexByte(w.At, ':')
	line, _ = strconv.Atoi(w.At[at+1:])
	return w.At[:max(at, 0)], line
}
