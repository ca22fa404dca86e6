// Package stacks holds the stacks that come with holdfast: <name>.yaml, and <name>/ with what the stack brings itself.
package stacks

import "embed"

// FS has the stacks.
//
//go:embed all:*
var FS embed.FS
