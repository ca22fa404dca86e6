package nodes

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// traces are remains of a cluster on the machine.
type traces struct{ processes, mounts, devices, groups, links, settings string }

func (s traces) String() string {
	return fmt.Sprintf("%+q", [...]string{s.processes, s.mounts, s.devices, s.groups, s.links, s.settings})
}

// testDirs is part of every path and every command of the test's cluster. Other clusters may run on this machine at the same time.
var testDirs = filepath.Join(os.TempDir(), "TestNodes")

// findTraces returns the traces of the test's cluster.
func findTraces(t *testing.T) traces {
	t.Helper()
	var s traces
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	for _, file := range commands {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), testDirs) {
			s.processes += strings.ReplaceAll(string(text), "\x00", " ") + "\n"
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(t, err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, testDirs) {
			s.mounts += line
		}
	}
	devices, err := remainingDevices()
	must(t, err)
	s.devices = strings.Join(devices, " ")
	groups, err := filepath.Glob("/sys/fs/cgroup/*/" + cgroupName)
	must(t, err)
	unified, err := filepath.Glob("/sys/fs/cgroup/" + cgroupName)
	must(t, err)
	s.groups = strings.Join(append(groups, unified...), " ")
	links, err := filepath.Glob("/sys/class/net/*")
	must(t, err)
	slices.Sort(links)
	s.links = strings.Join(links, " ")
	for _, file := range []string{"fs/inotify/max_user_instances", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"} {
		value, err := os.ReadFile("/proc/sys/" + file)
		must(t, err)
		s.settings += file + "=" + string(value)
	}
	return s
}

// logs returns the last lines of all logs.
func logs(dir string) string {
	var all strings.Builder
	files, _ := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	more, _ := filepath.Glob(filepath.Join(dir, "log", "*", "*.log"))
	for _, file := range append(files, more...) {
		text, _ := os.ReadFile(file)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		fmt.Fprintf(&all, "== %s\n%s\n", file, strings.Join(lines[max(0, len(lines)-5):], "\n"))
	}
	return all.String()
}
