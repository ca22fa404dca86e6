package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
	"github.com/spf13/cobra"
)

const defaultStack = "argo-events"

// loadProfiles reads the built-in profiles.
func loadProfiles() ([]profile.Profile, error) {
	all, err := profile.Load(profiles.FS)
	if err != nil {
		return nil, otherError{err}
	}
	return all, nil
}

// loadStack reads the stack that args name: one of ours by name, or a user's by its file; ours by default.
func loadStack(args []string) (stack.Stack, error) {
	name := defaultStack
	if len(args) > 0 {
		name = args[0]
	}
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") {
		return stack.Load(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	}
	if names := stackNames(); !slices.Contains(names, name) {
		return stack.Stack{}, fmt.Errorf("unknown stack %q: choose one of %s, or give the file of your own (./%s.yaml)", name, strings.Join(names, ", "), name)
	}
	return stack.Load(stacks.FS, name+".yaml")
}

// stackNames lists the built-in stacks.
func stackNames() []string {
	entries, _ := stacks.FS.ReadDir(".")
	var names []string
	for _, e := range entries {
		if name, is := strings.CutSuffix(e.Name(), ".yaml"); is {
			names = append(names, name)
		}
	}
	return names
}

// valuesFlags are Helm's, with the profile beside them.
type valuesFlags struct {
	render.Values
	profile string
}

func (v *valuesFlags) add(cmd *cobra.Command) {
	v.addValues(cmd)
	addProfileFlag(cmd, &v.profile, "profile: which failures to survive (default: the values' own, single-node)")
}

// addValues adds Helm's flags alone.
func (v *valuesFlags) addValues(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&v.Files, "values", "f", nil, "values file, - for standard input (repeatable; the last wins)")
	f.StringArrayVar(&v.Set, "set", nil, "set a value: key=v, a.b=v, list[0]=v (repeatable)")
	f.StringArrayVar(&v.SetString, "set-string", nil, "like --set, always a string")
}

// addProfileFlag adds --profile with completion of its values.
func addProfileFlag(cmd *cobra.Command, target *string, usage string) {
	cmd.Flags().StringVarP(target, "profile", "p", "", usage)
	_ = cmd.RegisterFlagCompletionFunc("profile", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return profileNames(), cobra.ShellCompDirectiveNoFileComp
	})
}

// profileNames lists the built-in profiles, for completion.
func profileNames() []string {
	all, err := loadProfiles()
	if err != nil {
		return nil
	}
	return profile.Names(all)
}

// load makes the chart of the stack that args name, and puts all values into options; the flag --profile wins over the others.
func (v *valuesFlags) load(args []string, options *render.Options) (*render.Chart, error) {
	c, err := loadChart(args)
	if err != nil {
		return nil, err
	}
	if options.Values, err = v.Merge(); err != nil {
		return nil, err
	}
	if v.profile != "" {
		options.Values["profile"] = v.profile
	}
	return c, nil
}

// loadChart makes the chart of the stack that args name.
func loadChart(args []string) (*render.Chart, error) {
	st, err := loadStack(args)
	if err != nil {
		return nil, err
	}
	all, err := loadProfiles()
	if err != nil {
		return nil, err
	}
	files, err := chart.New(st, all)
	if err != nil {
		return nil, err
	}
	return render.Load(files)
}

func completeStacks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return stackNames(), cobra.ShellCompDirectiveDefault
}
