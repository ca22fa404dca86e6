// Package profiles holds the built-in profiles, one YAML file each.
package profiles

import "embed"

// FS has one <name>.yaml for every profile.
//
//go:embed *.yaml
var FS embed.FS
