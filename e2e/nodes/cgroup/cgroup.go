// Package cgroup gives a node control groups of its own, in which kubelet and runc find themselves at the root. It works
// on machines with the one hierarchy of version 2 and on those with the many of version 1.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// hierarchy is a mounted tree of control groups.
type hierarchy struct {
	path string
	// options are those it is mounted with: its controllers, in version 1.
	options []string
	unified bool
}

const root = "/sys/fs/cgroup"

// hierarchies returns those that have controllers, or a name: not the tree of version 2 that stands beside those of
// version 1, for it has none.
func hierarchies() ([]hierarchy, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var all []hierarchy
	for line := range strings.Lines(string(text)) {
		mount, filesystem, _ := strings.Cut(line, " - ")
		path, kind := strings.Fields(mount)[4], strings.Fields(filesystem)
		switch {
		case kind[0] == "cgroup2" && path == root:
			return []hierarchy{{path: path, unified: true}}, nil
		case kind[0] == "cgroup" && strings.HasPrefix(path, root):
			all = append(all, hierarchy{path: path, options: mountOptions(kind[2])})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there are no control groups in " + root)
	}
	return all, nil
}

// mountOptions leaves of the options of a mounted hierarchy those that choose it.
func mountOptions(mounted string) []string {
	var options []string
	for option := range strings.SplitSeq(mounted, ",") {
		switch {
		case strings.HasPrefix(option, "name="):
			options = append(options, "none", option)
		case !strings.Contains(option, "=") && !slices.Contains([]string{"rw", "ro", "xattr", "noprefix", "clone_children"}, option):
			options = append(options, option)
		}
	}
	return options
}

// Join makes a group in every hierarchy, moves this process into it and makes it the root of all that the process starts
// from then on. It holds for the calling thread only, which has to be locked.
func Join(name string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := h.make(name); err != nil {
			return err
		}
		if err := move(filepath.Join(h.path, name)); err != nil {
			return err
		}
	}
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("unsharing the control groups: %w", err)
	}
	return nil
}

// make makes the group and those above it, with all controllers.
func (h hierarchy) make(name string) error {
	group := h.path
	for part := range strings.SplitSeq(name, "/") {
		if h.unified {
			if err := enableControllers(group); err != nil {
				return err
			}
		}
		parent := group
		group = filepath.Join(group, part)
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if slices.Contains(h.options, "cpuset") {
			if err := inheritCPUs(parent, group); err != nil {
				return err
			}
		}
	}
	return nil
}

// inheritCPUs fills a cpuset of version 1, which is made empty and takes no process so.
func inheritCPUs(parent, group string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(parent, file))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(group, file), text, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(group, "cgroup.clone_children"), []byte("1"), 0o644)
}

// enableControllers lets the groups below a group of version 2 have all controllers that it has.
func enableControllers(group string) error {
	text, err := os.ReadFile(filepath.Join(group, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for controller := range strings.FieldsSeq(string(text)) {
		if err := os.WriteFile(filepath.Join(group, "cgroup.subtree_control"), []byte("+"+controller), 0o644); err != nil {
			return fmt.Errorf("enabling controller %s: %w", controller, err)
		}
	}
	return nil
}

func move(group string) error {
	return os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0o644)
}

// Mount mounts the hierarchies anew, as they look from the group that was joined.
func Mount() error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	if all[0].unified {
		return mountUnified()
	}
	if err := mount("tmpfs", root, "mode=755"); err != nil {
		return err
	}
	for _, h := range all {
		if err := os.MkdirAll(h.path, 0o755); err != nil {
			return err
		}
		if err := mount("cgroup", h.path, strings.Join(h.options, ",")); err != nil {
			return err
		}
	}
	return nil
}

// mountUnified mounts the tree of version 2. A group there has processes or groups with controllers, not both: the
// node's own processes step aside.
func mountUnified() error {
	if err := mount("cgroup2", root, ""); err != nil {
		return err
	}
	aside := filepath.Join(root, "init")
	if err := os.MkdirAll(aside, 0o755); err != nil {
		return err
	}
	if err := move(aside); err != nil {
		return err
	}
	return enableControllers(root)
}

func mount(kind, path, options string) error {
	if err := unix.Mount(kind, path, kind, 0, options); err != nil {
		return fmt.Errorf("mounting %s with %q on %s: %w", kind, options, path, err)
	}
	return nil
}

// Remove removes a group and those below it, once their last processes are gone.
func Remove(name string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := removeTree(filepath.Join(h.path, name)); err != nil {
			return fmt.Errorf("removing control groups: %w", err)
		}
	}
	return nil
}

// removeTree waits, for the kernel takes a moment to bury the dead.
func removeTree(group string) error {
	const patience = 10 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := removeGroups(group)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// removeGroups removes folder by folder: the files in them are the kernel's and go with them.
func removeGroups(group string) error {
	entries, err := os.ReadDir(group)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if entry.IsDir() {
			err = errors.Join(err, removeGroups(filepath.Join(group, entry.Name())))
		}
	}
	return errors.Join(err, unix.Rmdir(group))
}
