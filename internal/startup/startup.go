// Package startup delays the garbage collection of a short-lived program. Import it from main for its effect:
//
//	import _ "github.com/holdfast-ha/holdfast/internal/startup"
//
// Most commands end before they have allocated 64 MiB, and a third of the time of a short command is garbage collection while
// packages are initialized. Packages are initialized in the order of their import paths as soon as their own imports are, so that
// this one, which imports nothing but the standard library, precedes the packages that allocate the most.
package startup

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// first is the memory of the process at its first garbage collection, in bytes.
const first = 64 << 20

func init() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		delay(first)
	}
}

// delay delays the first garbage collection until the process has this memory. Then the runtime's defaults hold.
func delay(memory int64) {
	debug.SetMemoryLimit(memory)
	percent := debug.SetGCPercent(-1)
	// The first collection frees the object.
	type object struct{ _ [16]byte }
	runtime.AddCleanup(new(object), func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, percent)
}
