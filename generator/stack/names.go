package stack

import (
	"regexp"
	"strings"
)

var capital = regexp.MustCompile(`[A-Z]`)

// label is a name in labels, and in names of objects and containers: activeActive -> active-active.
func label(name string) string {
	return capital.ReplaceAllStringFunc(name, func(s string) string { return "-" + strings.ToLower(s) })
}

// Label is the component's name in labels, in names of objects and of the folder of its templates.
func (c Component) Label() string { return label(c.Name) }

// Label is the name of the container.
func (h Helper) Label() string { return label(h.Name) }

// longest is the maximum length of a label's value and of the name of a Service.
const longest = 63

// NameLength is the maximum length of a release's full name, so that the longest name or label of the component's objects is not too long.
func (c Component) NameLength() int { return longest - len("-"+c.Label()) - c.suffix() }

// suffix is the length of what follows fullname-component in the longest name or label.
func (c Component) suffix() int {
	const revision = len("-0123456789") // in the label controller-revision-hash of a pod (ControllerRevisionName)
	switch c.Workload() {
	case "StatefulSet":
		if c.Replication == Quorum {
			return len("-standalone") + revision
		}
		return revision
	case "Job":
		return len("-01234567")
	case "CronJob":
		return len("-0123456789") // the time of a run in the name of its Job
	}
	return 0
}

// leastName is the length that the full name of a release always has, so that those of two releases differ.
const leastName = 16

// labelValue matches values of labels.
var labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`)

// names checks what becomes part of labels and of the names of objects.
func (c *checker) names(s Stack) {
	if !labelValue.MatchString(s.AppVersion) || len(s.AppVersion) > longest {
		c.add("appVersion", "%q is the value of a label: use at most %d letters, digits, dots, dashes and underscores", s.AppVersion, longest)
	}
	if chart := s.Name + "-" + s.Version; len(chart) > longest {
		c.add("version", "%s is the value of a label and has %d characters: shorten it to %d", chart, len(chart), longest)
	}
}

// nameLength checks that the label of a component leaves enough of the 63 characters of a name to the release.
func (c *checker) nameLength(at string, one Component) {
	if left := one.NameLength(); left < leastName {
		c.add(at+".name", "is %s in names of objects, which leaves %d of %d characters to the release: use at least %d fewer letters, of which capitals count twice",
			one.Label(), max(left, 0), longest, leastName-left)
	}
}
