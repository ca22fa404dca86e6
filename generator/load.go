package generator

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
)

// DefaultStack is the built-in stack that commands use unless another is named.
const DefaultStack = "argo-events"

// LoadProfiles reads the built-in profiles, those with the fewest failure domains first.
func LoadProfiles() ([]profile.Profile, error) { return profile.Load(profiles.FS) }

// LoadStack reads a built-in stack by its name, or another one from its file. A name with a slash or the suffix .yaml is a file.
func LoadStack(name string) (stack.Stack, error) {
	if !BuiltIn(name) {
		return stack.Load(userFiles(name), filepath.Base(name))
	}
	if names := StackNames(); !slices.Contains(names, name) {
		return stack.Stack{}, fmt.Errorf("unknown stack %q: choose one of %s, or pass a file of your own (./%s.yaml)", name, strings.Join(names, ", "), name)
	}
	return stack.Load(stacks.FS, name+".yaml")
}

// userFiles are the file of a user's stack, which may be a symlink, and the folder of the stack. Symlinks in the folder may not lead out
// of it: a chart of somebody else's stack must not contain files of this machine.
type userFiles string

// Open implements fs.FS.
func (f userFiles) Open(name string) (fs.File, error) {
	dir, base := filepath.Split(string(f))
	if name == base {
		return os.Open(string(f))
	}
	own, below, _ := strings.Cut(name, "/")
	if own != strings.TrimSuffix(base, filepath.Ext(base)) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	root, err := os.OpenRoot(filepath.Join(dir, own))
	if err != nil {
		return nil, err
	}
	opened, err := root.FS().Open(cmp.Or(below, "."))
	return opened, errors.Join(err, root.Close())
}

// BuiltIn reports whether a name is that of a built-in stack, and not of a file.
func BuiltIn(name string) bool {
	return !strings.ContainsAny(name, `/\`) && !strings.HasSuffix(name, ".yaml")
}

// StackNames lists the built-in stacks.
func StackNames() []string {
	entries, _ := stacks.FS.ReadDir(".")
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	return names
}
