package main

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/ha"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/internal/table"
	"github.com/spf13/cobra"
)

// profileInfo is a profile with what it decides for each component of a stack.
type profileInfo struct {
	profile.Profile
	Decides map[string][]ha.Decision `json:"decides"`
}

func newProfilesCmd(s streams) *cobra.Command {
	var (
		asJSON  bool
		file    string
		side    bool
		compare compareFlags
	)
	cmd := &cobra.Command{
		Use:   "profiles [NAME]",
		Short: "List what each profile needs and survives; with a name, what it decides",
		Long: `profiles lists the profiles; with a name, what that one decides for each component of a stack.

With --compare it renders the stack for each of them, with your values, and puts side by side what
that comes to on the smallest cluster for it: how much of the time each workload can be expected to
serve, and how much it asks of the cluster. Nodes and zones fail at rates, and are repaired, drained
and rolled out to at rates, that are printed with their sources; a file for --rates changes some of
them:

  node: {perYear: 2, repair: 1h}   # each node fails twice a year, and is replaced in an hour
  zone: {perYear: 0.5, repair: 6h}
  drains: {perYear: 52, away: 5m}  # each node is drained every week
  rollouts: 100                    # a year, of each workload
  detection: 50s                   # until the cluster knows that a node is silent
  start: 90s                       # until a new pod is ready
  election: 15s                    # until another pod works, where one does and others stand by

How likely it is that too few pods are left is summed over all states of all nodes and zones that
have some, for pods where kube-scheduler's plugins place them. It is a model, good for comparing:
what it leaves out is printed, too.`,
		Example: `  holdfast profiles
  holdfast profiles multi-zone
  holdfast profiles multi-zone --stack stacks/web.yaml -o json
  holdfast profiles --compare -f values/webhook.yaml`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return profileNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := compareAlone(cmd, side, args); err != nil {
				return err
			}
			st, err := loadStack([]string{file})
			if err != nil {
				return err
			}
			all, err := loadProfiles()
			if err != nil {
				return err
			}
			if side {
				c, err := compare.compare(cmd.Context(), file, all)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, c)
				}
				return c.writeText(s.out)
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
	cmd.Flags().BoolVar(&side, "compare", false, "put all profiles side by side: what can be expected of them, and what they cost")
	compare.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// compareAlone holds apart what is for a comparison, and what is for a list.
func compareAlone(cmd *cobra.Command, compares bool, args []string) error {
	if compares && len(args) > 0 {
		return fmt.Errorf("%s: --compare is about all profiles; a stack is named by --stack", args[0])
	}
	for _, name := range compareNames {
		if !compares && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s is for --compare", name)
		}
	}
	return nil
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
	rows := [][]string{{"PROFILE", "NEEDS", "SURVIVES, SERVICE UP"}}
	for _, p := range all {
		rows = append(rows, []string{p.Name, needs(p), p.Promise.Service})
	}
	return table.Table{Rows: rows}.Write(s.out)
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
		decisions := table.Table{Indent: "  "}
		for _, d := range ha.Decide(p, c) {
			decisions.Rows = append(decisions.Rows, []string{d.Key, d.Rule})
		}
		if err := decisions.Write(s.out); err != nil {
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
