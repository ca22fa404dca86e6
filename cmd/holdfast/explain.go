package main

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

func newExplainCmd(s streams) *cobra.Command {
	var (
		asJSON     bool
		stackName  string
		onlyUnder  string
		loadInputs = func() (stack.Stack, []profile.Profile, error) { return loadStackAndProfiles(stackName) }
	)
	cmd := &cobra.Command{
		Use:   "explain COMPONENT.KEY",
		Short: "Explain a value: the rule, the reason and its source",
		Example: `  holdfast explain bus.replicas
  holdfast explain bus.topologySpreadConstraints --profile multi-zone
  holdfast explain sensor.election -o json`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			st, profiles, err := loadInputs()
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return generator.DecidedKeys(st, profiles), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			st, profiles, err := loadInputs()
			if err != nil {
				return err
			}
			if onlyUnder != "" {
				if profiles, err = profile.Select(profiles, []string{onlyUnder}); err != nil {
					return err
				}
			}
			found, err := generator.Explain(st, profiles, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, found)
			}
			return printExplanations(s, found)
		},
	}
	addStackFlag(cmd, &stackName)
	addProfileFlag(cmd, &onlyUnder, "only this profile (default: all)")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func loadStackAndProfiles(stackName string) (stack.Stack, []profile.Profile, error) {
	st, err := generator.LoadStack(stackName)
	if err != nil {
		return stack.Stack{}, nil, err
	}
	profiles, err := generator.LoadProfiles()
	return st, profiles, err
}

func printExplanations(s streams, found []generator.Explanation) error {
	for i, e := range found {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		value, err := yamlText(e.Value)
		if err != nil {
			return otherError{err}
		}
		fmt.Fprintf(s.out, "%s.%s in %s:%s\n  rule    %s\n  reason  %s\n  source  %s\n", e.Component, e.Key, e.Profile, value, e.Rule, e.Reason, e.Source)
	}
	return nil
}

// yamlText formats a value for the text after a colon: on the same line if it is a scalar, otherwise on the lines below.
func yamlText(value any) (string, error) {
	if value == nil {
		return " none", nil
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		return "", err
	}
	lines := strings.TrimSpace(string(text))
	if !strings.ContainsAny(lines, "\n:") {
		return " " + lines, nil
	}
	return "\n    " + strings.ReplaceAll(lines, "\n", "\n    "), nil
}
