package checks

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// TestUnread: a check that may not read what it needs is unknown, with the resource and the way to the permission.
func TestUnread(t *testing.T) {
	for _, c := range All() {
		if c.ID == "" || c.Title == "" || len(c.Reads) == 0 && !c.Installs {
			t.Errorf("%s: no ID, no title, or nothing to read", c.ID)
		}
		for _, r := range c.Reads {
			s := read(t, three)
			s.Unread = map[snapshot.Resource]string{r: snapshot.NoPermission}
			_, findings := c.Run(s)
			if len(findings) != 1 || findings[0].Status != Unknown || !strings.Contains(findings[0].Message, string(r)) || !strings.Contains(findings[0].Fix, "--print-rbac") {
				t.Errorf("%s without %s: %+v", c.ID, r, findings)
			}
		}
	}
}

// TestIDs: each check has an ID of its own.
func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		if seen[c.ID] {
			t.Errorf("two checks have the ID %s", c.ID)
		}
		seen[c.ID] = true
	}
}

func TestStatusOrder(t *testing.T) {
	for i, s := range severities {
		for j, other := range severities {
			if s.Worse(other) != (i > j) {
				t.Errorf("%s worse than %s: %v", s, other, i <= j)
			}
		}
	}
}
