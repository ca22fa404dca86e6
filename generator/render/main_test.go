package render_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets the garbage wait: thousands of renderings make a lot of it, and keep little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}
