package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/ha"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// explanation is a decision with where it was asked for.
type explanation struct {
	Component string `json:"component"`
	Profile   string `json:"profile"`
	ha.Decision
}

func newExplainCmd(s streams) *cobra.Command {
	var (
		asJSON bool
		file   string
		name   string
	)
	cmd := &cobra.Command{
		Use:   "explain COMPONENT.KEY",
		Short: "Say why a value is what it is: the rule, the reason and its source",
		Example: `  holdfast explain bus.replicas
  holdfast explain bus.topologySpreadConstraints --profile multi-zone
  holdfast explain sensor.election -o json`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			keys, _ := decidedKeys(file)
			return keys, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := explain(file, name, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, found)
			}
			return printExplanations(s, found)
		},
	}
	addStackFlag(cmd, &file)
	addProfileFlag(cmd, &name, "only this profile (default: all)")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// explain finds the decisions about a key, "component.key" or anything below it, under one profile or all.
func explain(file, name, key string) ([]explanation, error) {
	st, all, err := stackAndProfiles(file)
	if err != nil {
		return nil, err
	}
	if name != "" {
		p, err := profile.Find(all, name)
		if err != nil {
			return nil, err
		}
		all = []profile.Profile{p}
	}
	var found []explanation
	for _, p := range all {
		for _, c := range st.Components {
			for _, d := range ha.Decide(p, c) {
				if path := c.Name + "." + d.Key; key == path || strings.HasPrefix(key, path+".") {
					found = append(found, explanation{c.Name, p.Name, d})
				}
			}
		}
	}
	if len(found) == 0 {
		keys, err := decidedKeys(file)
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("nothing is decided about %q: the decided keys are\n%s", key, indentLines(strings.Join(keys, "\n"), "  "))
	}
	return found, nil
}

func stackAndProfiles(file string) (stack.Stack, []profile.Profile, error) {
	st, err := loadStack([]string{file})
	if err != nil {
		return stack.Stack{}, nil, err
	}
	all, err := loadProfiles()
	return st, all, err
}

// decidedKeys lists every key of a stack's values that some profile decides, sorted.
func decidedKeys(file string) ([]string, error) {
	st, all, err := stackAndProfiles(file)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, p := range all {
		for _, c := range st.Components {
			for _, d := range ha.Decide(p, c) {
				keys = append(keys, c.Name+"."+d.Key)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

func printExplanations(s streams, found []explanation) error {
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

// yamlText shows a value behind a colon: on the line if it is short, else below.
func yamlText(value any) (string, error) {
	if value == nil {
		return " none", nil
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		return "", err
	}
	if lines := strings.TrimSpace(string(text)); !strings.ContainsAny(lines, "\n:") {
		return " " + lines, nil
	}
	return "\n" + indentLines(string(text), "    "), nil
}
