// Package profiles holds the three topologies that holdfast generates for, one YAML file each.
package profiles

import "embed"

// FS has one <name>.yaml for every profile.
//
//go:embed *.yaml
var FS embed.FS
