package main

import (
	"fmt"
	"io"

	"github.com/holdfast-ha/holdfast/generator/ha"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/internal/table"
	"github.com/spf13/cobra"
)

// profileInfo is a profile with its decisions for each component of a stack.
type profileInfo struct {
	profile.Profile
	Decides map[string][]ha.Decision `json:"decides"`
}

func newProfilesCmd(s streams) *cobra.Command {
	var (
		asJSON    bool
		stackName string
		compares  bool
		compare   compareFlags
	)
	cmd := &cobra.Command{
		Use:   "profiles [NAME]",
		Short: "List the profiles with their needs and promises, or compare them",
		Long: `profiles lists the profiles. With a name, it prints the decisions of that profile for each
component of a stack.

With --compare it renders the stack with your values under each profile, and prints side by side
the expected availability of each workload and the requests on the smallest cluster for that
profile. Nodes and zones fail, are repaired, drained and get new versions at assumed rates. The
rates are printed with their sources. A file for --rates replaces some of them:

  node: {perYear: 2, repair: 1h}   # each node fails twice a year and is replaced in an hour
  zone: {perYear: 0.5, repair: 6h}
  drains: {perYear: 52, away: 5m}  # each node is drained every week
  rollouts: 100                    # per year and workload
  detection: 50s                   # until the control plane notices that a node is unreachable
  start: 90s                       # until a new pod is ready
  election: 15s                    # until a standby replaces the leader

Pods are placed by the plugins of kube-scheduler. The probability that too few pods are left is a
sum over all combinations of failed nodes and zones. The result is an estimate for comparing
profiles. The limits of the model are printed too.`,
		Example: `  holdfast profiles
  holdfast profiles multi-zone
  holdfast profiles multi-zone --stack stacks/web.yaml -o json
  holdfast profiles --compare -f values/webhook.yaml`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if compares && len(args) > 0 {
				return fmt.Errorf("%s: --compare is for all profiles; --stack chooses the stack", args[0])
			}
			if compares {
				c, err := compare.compare(cmd.Context(), stackName)
				if err != nil {
					return err
				}
				return printResult(s.out, asJSON, c, c.WriteText)
			}
			st, profiles, err := loadStackAndProfiles(stackName)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return printResult(s.out, asJSON, infos(st, profiles), func(out io.Writer) error { return listProfiles(out, profiles) })
			}
			p, err := profile.Find(profiles, args[0])
			if err != nil {
				return err
			}
			return printResult(s.out, asJSON, infos(st, []profile.Profile{p})[0], func(out io.Writer) error { return showProfile(out, st, p) })
		},
	}
	addStackFlag(cmd, &stackName)
	cmd.Flags().BoolVar(&compares, "compare", false, "compare the profiles: expected availability and cost")
	compare.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func infos(st stack.Stack, profiles []profile.Profile) []profileInfo {
	var all []profileInfo
	for _, p := range profiles {
		info := profileInfo{p, map[string][]ha.Decision{}}
		for _, c := range st.Components {
			info.Decides[c.Name] = ha.Decide(p, c)
		}
		all = append(all, info)
	}
	return all
}

func listProfiles(out io.Writer, profiles []profile.Profile) error {
	rows := [][]string{{"PROFILE", "NEEDS", "SURVIVES, SERVICE UP"}}
	for _, p := range profiles {
		rows = append(rows, []string{p.Name, needs(p), p.Promise.Service})
	}
	return table.Table{Rows: rows}.Write(out)
}

func showProfile(out io.Writer, st stack.Stack, p profile.Profile) error {
	fmt.Fprintf(out, "%s: %s\n\n", p.Name, p.Summary)
	err := table.Table{Rows: [][]string{
		{"needs", needs(p)},
		{"survives, service up", p.Promise.Service},
		{"survives, with all data", p.Promise.Data},
		{"after one failure", p.Promise.After},
	}}.Write(out)
	if err != nil {
		return err
	}
	for _, c := range st.Components {
		fmt.Fprintf(out, "\n%s (%s): %s\n", c.Name, c.Replication, c.Description)
		decisions := table.Table{Indent: "  "}
		for _, d := range ha.Decide(p, c) {
			decisions.Rows = append(decisions.Rows, []string{d.Key, d.Rule})
		}
		if err := decisions.Write(out); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "\nWhy: holdfast explain %s.replicas\n", st.Components[0].Name)
	return err
}

// needs describes the smallest cluster for the profile: "3 nodes in 3 zones".
func needs(p profile.Profile) string {
	text := fmt.Sprintf("%d node", p.Needs.Nodes)
	if p.Needs.Nodes > 1 {
		text += "s"
	}
	if p.Needs.Zones > 0 {
		text += fmt.Sprintf(" in %d zones", p.Needs.Zones)
	}
	for _, d := range failureDomains([]profile.Profile{p}) {
		text += fmt.Sprintf(" in %d %ss", p.Domains(d.Label), d.Name)
	}
	return text
}
