package startup

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestTheFirstCollectionRestoresTheDefaults(t *testing.T) {
	const percent = 130
	collect() // the delay of init ends, which would restore another percentage later
	t.Cleanup(func() { debug.SetGCPercent(debug.SetGCPercent(percent)) })
	debug.SetGCPercent(percent)
	delay(1 << 40)
	if got := debug.SetGCPercent(-1); got != -1 {
		t.Errorf("before the first collection the percentage is %d, want -1", got)
	}
	collect()
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("after the first collection the memory limit is %d, want none", got)
	}
	if got := debug.SetGCPercent(100); got != percent {
		t.Errorf("after the first collection the percentage is %d, want %d", got, percent)
	}
}

// collect collects garbage until no delay remains.
func collect() {
	for range 100 {
		runtime.GC()
		if debug.SetMemoryLimit(-1) == math.MaxInt64 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestACollectionHappensAtTheLimit(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	delay(int64(before.Sys) + 8<<20)
	var kept [][]byte
	for range 64 {
		kept = append(kept, make([]byte, 1<<20))
	}
	runtime.ReadMemStats(&after)
	if after.NumGC == before.NumGC {
		t.Errorf("no collection after %d MiB", len(kept))
	}
	runtime.KeepAlive(kept)
}
