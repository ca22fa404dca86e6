package cluster

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// Version is a minor version of Kubernetes. The zero Version means that none was given.
type Version struct{ Major, Minor int }

// The versions whose behaviour the simulation has, and the one of the linked scheduler, which is the default.
var (
	OldestVersion  = Version{1, 31}
	NewestVersion  = Version{1, 37}
	DefaultVersion = Version{1, 36}
)

// versionFormat is a version as flags, Helm charts and API servers write it: 1.36, v1.36.3, 1.36+.
var versionFormat = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})(?:\+|[.+-].*)?$`)

// ParseVersion parses a version like 1.36 or v1.36.3; the patch is ignored. A version outside of OldestVersion to NewestVersion
// is an error.
func ParseVersion(text string) (Version, error) {
	parts := versionFormat.FindStringSubmatch(text)
	if parts == nil {
		return Version{}, fmt.Errorf("is %q: want a Kubernetes version from %s to %s, like %s", text, OldestVersion, NewestVersion, DefaultVersion)
	}
	major, _ := strconv.Atoi(parts[1]) // at most four digits
	minor, _ := strconv.Atoi(parts[2])
	v := Version{major, minor}
	if v.compare(OldestVersion) < 0 || v.compare(NewestVersion) > 0 {
		return Version{}, fmt.Errorf("is %s: want a Kubernetes version from %s to %s", v, OldestVersion, NewestVersion)
	}
	return v, nil
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// AtLeast reports whether v is the minor version 1.minor or a later one. The zero Version is DefaultVersion.
func (v Version) AtLeast(minor int) bool { return v.OrDefault().compare(Version{1, minor}) >= 0 }

// OrDefault returns v, and DefaultVersion for the zero Version.
func (v Version) OrDefault() Version { return cmp.Or(v, DefaultVersion) }

func (v Version) compare(other Version) int {
	return cmp.Or(cmp.Compare(v.Major, other.Major), cmp.Compare(v.Minor, other.Minor))
}
