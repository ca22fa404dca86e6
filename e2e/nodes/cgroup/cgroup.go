// Package cgroup gives a node its own control groups, which are the root for its kubelet and runc. It supports the hierarchies of version 1 and
// the unified one of version 2.
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
	// options are its mount options: its controllers in version 1.
	options []string
	unified bool
}

const root = "/sys/fs/cgroup"

// hierarchies returns the hierarchies with controllers or a name. A unified hierarchy beside those of version 1 has neither.
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
		return nil, errors.New("no control groups are mounted in " + root)
	}
	return all, nil
}

// mountOptions returns the options of a mounted hierarchy that select it.
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

// Join creates a group in every hierarchy, moves this process into it and makes it the root for processes that it starts. It affects only the
// calling thread, which must be locked.
func Join(name string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := h.create(name); err != nil {
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

// create creates the group and its parents, with all controllers.
func (h hierarchy) create(name string) error {
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

// inheritCPUs copies the cpuset of the parent: in version 1, a new cpuset is empty and accepts no process.
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

// enableControllers enables all controllers of a group of version 2 for its children.
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

// Mount mounts the hierarchies again, with the joined group as their root.
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

// mountUnified mounts the unified hierarchy. In it, a group has either processes or children with controllers: the node's own processes move
// into a child.
func mountUnified() error {
	if err := mount("cgroup2", root, ""); err != nil {
		return err
	}
	child := filepath.Join(root, "init")
	if err := os.MkdirAll(child, 0o755); err != nil {
		return err
	}
	if err := move(child); err != nil {
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

// Remove removes a group and its children when their last processes have ended.
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

// removeTree waits: killed processes remain in their group for a moment.
func removeTree(group string) error {
	const patience = 5 * time.Minute
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := removeGroups(group)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// removeGroups removes folders one by one: the kernel removes the files in them.
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
