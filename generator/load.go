package generator

import (
	"fmt"
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

// LoadProfiles reads the built-in profiles, from the least to the most survived.
func LoadProfiles() ([]profile.Profile, error) { return profile.Load(profiles.FS) }

// LoadStack reads a stack: a built-in one by its name, or any other by its file, which has a slash or .yaml in its name.
func LoadStack(name string) (stack.Stack, error) {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") {
		return stack.Load(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	}
	if names := StackNames(); !slices.Contains(names, name) {
		return stack.Stack{}, fmt.Errorf("unknown stack %q: choose one of %s, or give the file of your own (./%s.yaml)", name, strings.Join(names, ", "), name)
	}
	return stack.Load(stacks.FS, name+".yaml")
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
