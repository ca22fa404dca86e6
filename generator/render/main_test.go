package render_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain makes garbage collection rarer: thousands of renderings produce much garbage and keep little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}
