package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/holdfast-ha/holdfast/generator/ha"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/spf13/cobra"
)

// profileInfo is a profile with what it decides for each component of a stack.
type profileInfo struct {
	profile.Profile
	Decides map[string][]ha.Decision `json:"decides"`
}

func newProfilesCmd(s streams) *cobra.Command {
	var (
		asJSON bool
		file   string
	)
	cmd := &cobra.Command{
		Use:   "profiles [NAME]",
		Short: "List what each profile needs and survives; with a name, what it decides",
		Example: `  holdfast profiles
  holdfast profiles multi-zone
  holdfast profiles multi-zone --stack stacks/web.yaml -o json`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return profileNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := loadStack([]string{file})
			if err != nil {
				return err
			}
			all, err := loadProfiles()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return listProfiles(s, st, all, asJSON)
			}
			p, err := profile.Find(all, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, describe(st, p))
			}
			return showProfile(s, st, p)
		},
	}
	addStackFlag(cmd, &file)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func addStackFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "stack", defaultStack, "stack: a built-in one or your own file")
	_ = cmd.RegisterFlagCompletionFunc("stack", completeStacks)
}

func describe(st stack.Stack, p profile.Profile) profileInfo {
	info := profileInfo{p, map[string][]ha.Decision{}}
	for _, c := range st.Components {
		info.Decides[c.Name] = ha.Decide(p, c)
	}
	return info
}

func listProfiles(s streams, st stack.Stack, all []profile.Profile, asJSON bool) error {
	if asJSON {
		var infos []profileInfo
		for _, p := range all {
			infos = append(infos, describe(st, p))
		}
		return printJSON(s.out, infos)
	}
	t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "PROFILE\tNEEDS\tSURVIVES, SERVICE UP")
	for _, p := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\n", p.Name, needs(p), p.Promise.Service)
	}
	return t.Flush()
}

func needs(p profile.Profile) string {
	nodes := fmt.Sprintf("%d node", p.Needs.Nodes)
	if p.Needs.Nodes > 1 {
		nodes += "s"
	}
	if p.Needs.Zones > 0 {
		nodes += fmt.Sprintf(" in %d zones", p.Needs.Zones)
	}
	return nodes
}

func showProfile(s streams, st stack.Stack, p profile.Profile) error {
	fmt.Fprintf(s.out, "%s: %s\n\nneeds                   %s\nsurvives, service up    %s\nsurvives, with all data %s\nafter one failure       %s\n",
		p.Name, p.Summary, needs(p), p.Promise.Service, p.Promise.Data, p.Promise.After)
	for _, c := range st.Components {
		fmt.Fprintf(s.out, "\n%s (%s): %s\n", c.Name, c.Replication, c.Description)
		t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		for _, d := range ha.Decide(p, c) {
			fmt.Fprintf(t, "  %s\t%s\n", d.Key, d.Rule)
		}
		if err := t.Flush(); err != nil {
			return otherError{err}
		}
	}
	_, err := fmt.Fprintf(s.out, "\nWhy: holdfast explain %s.%s\n", st.Components[0].Name, "replicas")
	return err
}

// indentLines puts by before each line of text.
func indentLines(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}
