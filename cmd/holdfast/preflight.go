package main

import (
	"io"
	"strings"

	"github.com/holdfast-ha/holdfast/preflight"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/spf13/cobra"
)

func newPreflightCmd(s streams) *cobra.Command {
	var (
		kubeconfig, context string
		asJSON, printRBAC   bool
		options             preflight.Options
	)
	cmd := &cobra.Command{
		Use:   "preflight [--kubeconfig FILE]",
		Short: "Check whether a live cluster is fit for highly available workloads",
		Long: `preflight lists objects of a live cluster and checks what highly available workloads need from it:
nodes, zones, free capacity, storage, budgets of all namespaces, webhooks, and the control plane. It
never writes, and reads no Secrets or ConfigMaps.

The capacity check removes each zone and places its pods on the other nodes with the plugins of
kube-scheduler.

Each check has one of these statuses:
  ok       nothing is wrong
  warn     a failure would have an effect that a change of the cluster avoids
  unknown  the cluster does not show it, or a permission is missing
  fail     something is wrong now, or a failure has no recovery

--print-rbac prints the ClusterRole with all permissions that preflight needs.

Checks: ` + wrapped(preflight.IDs()) + `.

Exit code 0: no check has the status fail or unknown. Exit code 1: otherwise. --accept excludes a
check from the exit code.`,
		Example: `  holdfast preflight --kubeconfig ~/.kube/config
  holdfast preflight --kubeconfig ~/.kube/config --accept etcd-members -o json
  holdfast preflight --print-rbac`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printRBAC {
				return preflight.WriteRBAC(s.out)
			}
			if err := options.Validate(); err != nil {
				return err
			}
			c, err := live.Open(kubeconfig, context)
			if err != nil {
				return err
			}
			steps := showProgress(s.err)
			steps.set("reading the cluster and checking it")
			r, err := preflight.Run(cmd.Context(), c, options)
			steps.done()
			if err != nil {
				return classify(err)
			}
			err = printResult(s.out, asJSON, r, func(out io.Writer) error { return r.WriteText(out, coloured(out)) })
			if err != nil {
				return otherError{err}
			}
			if !r.Passed {
				return errFindings
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default: as kubectl)")
	flags.StringVar(&context, "kube-context", "", "context of the kubeconfig")
	flags.StringArrayVar(&options.Accept, "accept", nil, "ID of a check whose findings do not count (repeatable)")
	flags.BoolVar(&printRBAC, "print-rbac", false, "print the ClusterRole that preflight needs, and exit")
	addJSONFlag(cmd, &asJSON)
	_ = cmd.RegisterFlagCompletionFunc("accept", cobra.FixedCompletions(preflight.IDs(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// wrapped joins names with commas, in lines of the help.
func wrapped(names []string) string {
	var text strings.Builder
	length := len("Checks: ")
	for i, name := range names {
		if i > 0 {
			text.WriteString(",")
			if length+len(name)+3 > helpWidth {
				text.WriteString("\n")
				length = 0
			} else {
				text.WriteString(" ")
			}
		}
		text.WriteString(name)
		length += len(name) + 2
	}
	return text.String()
}
