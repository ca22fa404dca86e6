package main

import (
	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

// stackOf returns the stack in the arguments, or the default stack.
func stackOf(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return generator.DefaultStack
}

// valuesFlags are Helm's flags for values, and --profile.
type valuesFlags struct {
	render.Values
	profile string
}

func (v *valuesFlags) add(cmd *cobra.Command) {
	v.addValues(cmd)
	addProfileFlag(cmd, &v.profile, "profile: the failures to survive (default: that of the values, or single-node)")
}

// addValues adds Helm's flags, without --profile.
func (v *valuesFlags) addValues(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&v.Files, "values", "f", nil, "values file, - for standard input (repeatable; the last takes precedence)")
	f.StringArrayVar(&v.Set, "set", nil, "set a value: key=v, a.b=v, list[0]=v (repeatable)")
	f.StringArrayVar(&v.SetString, "set-string", nil, "like --set, but the value is always a string")
}

// load generates the chart of the stack in args, and merges the values into options; --profile takes precedence.
func (v *valuesFlags) load(args []string, options *render.Options) (*generator.Chart, error) {
	c, err := loadChart(stackOf(args))
	if err != nil {
		return nil, err
	}
	if options.Values, err = v.Merge(); err != nil {
		return nil, err
	}
	if v.profile != "" {
		*options = options.WithProfile(v.profile)
	}
	return c, nil
}

// addProfileFlag adds --profile, which completes to the built-in profiles.
func addProfileFlag(cmd *cobra.Command, target *string, usage string) {
	cmd.Flags().StringVarP(target, "profile", "p", "", usage)
	_ = cmd.RegisterFlagCompletionFunc("profile", completeProfiles)
}

// addStackFlag adds --stack, which completes to the built-in stacks and to files.
func addStackFlag(cmd *cobra.Command, stack *string) {
	cmd.Flags().StringVar(stack, "stack", generator.DefaultStack, "stack: a built-in one or your own file")
	_ = cmd.RegisterFlagCompletionFunc("stack", completeStacks)
}

func completeStacks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return generator.StackNames(), cobra.ShellCompDirectiveDefault
}

func completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return profileNames(), cobra.ShellCompDirectiveNoFileComp
}

// profileNames lists the built-in profiles.
func profileNames() []string {
	all, err := generator.LoadProfiles()
	if err != nil {
		return nil
	}
	return profile.Names(all)
}
