package preflight

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/preflight/checks"
)

// WriteRBAC writes a ClusterRole with the permissions of the checks, with those of an installation or without. Every account may read
// the version and the kinds of the API server (ClusterRoles system:public-info-viewer and system:discovery).
func WriteRBAC(out io.Writer, installation bool) error {
	byGroup := map[string][]string{}
	for _, r := range checks.Reads(checks.For(installation)) {
		group, name := r.Group()
		byGroup[group] = append(byGroup[group], name)
	}
	var groups []string
	for g := range byGroup {
		groups = append(groups, g)
	}
	slices.Sort(groups)
	var text strings.Builder
	text.WriteString(`apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: holdfast-preflight
rules:
`)
	for _, g := range groups {
		slices.Sort(byGroup[g])
		fmt.Fprintf(&text, "  - apiGroups: [%q]\n    resources: [%s]\n    verbs: [list]\n", g, strings.Join(byGroup[g], ", "))
	}
	_, err := io.WriteString(out, text.String())
	return err
}
