// Package stacks holds the built-in stacks: <name>.yaml, and a folder <name>/ with the stack's own templates and files.
package stacks

import "embed"

// FS has the stacks.
//
//go:embed all:*
var FS embed.FS
