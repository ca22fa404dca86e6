package preflight

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/preflight/checks"
)

// WriteRBAC writes a ClusterRole with the permissions that all checks need. The version of the API server needs none beyond those of
// every account (ClusterRole system:public-info-viewer).
func WriteRBAC(out io.Writer) error {
	byGroup := map[string][]string{}
	for _, r := range checks.Reads(checks.All()) {
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
