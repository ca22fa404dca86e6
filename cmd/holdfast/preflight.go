package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/preflight"
	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/apiserver"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/spf13/cobra"
)

func newPreflightCmd(s streams) *cobra.Command {
	var (
		f         verifyFlags // what will be installed
		format    string
		printRBAC bool
		options   preflight.Options
	)
	cmd := &cobra.Command{
		Use:   "preflight [--kubeconfig FILE] [-f FILE... | --profile NAME [STACK]]",
		Short: "Check whether a live cluster is fit for highly available workloads",
		Long: `preflight lists objects of a live cluster and checks what highly available workloads need from it:
nodes, zones, free capacity, storage, budgets of all namespaces, webhooks, and the control plane. It
never writes, and reads no Secrets or ConfigMaps.

The capacity check removes each zone and places its pods on the other nodes with the plugins of
kube-scheduler.

With -f or --profile, it also checks whether these manifests can be installed: the nodes and zones
that the profile needs, kinds and classes that are missing, and nodes that accept the pods. The
capacity check then includes their pods.

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
  holdfast preflight --kubeconfig ~/.kube/config --profile multi-zone --values values/webhook.yaml
  holdfast preflight --kubeconfig ~/.kube/config -f manifests/ -n shop
  holdfast preflight --print-rbac`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			f.given = cmd.Flags().Changed
			installs := f.given("filename") || f.given("profile")
			if !installs && len(args) > 0 {
				return fmt.Errorf("%s: pass files with -f, or a stack with --profile", args[0])
			}
			if printRBAC {
				return preflight.WriteRBAC(s.out, installs)
			}
			if err := options.Validate(); err != nil {
				return err
			}
			c, err := live.Open(f.kubeconfig, f.context)
			if err != nil {
				return err
			}
			if installs {
				if options.Installation, err = f.installation(cmd.Context(), s, args); err != nil {
					return err
				}
			}
			steps := showProgress(s.err)
			steps.set("reading the cluster and checking it")
			r, err := preflight.Run(cmd.Context(), c, options)
			steps.done()
			if err != nil {
				return classify(err)
			}
			if err := writePreflight(s.out, r, format); err != nil {
				return otherError{err}
			}
			if !r.Passed {
				return errFindings
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default: as kubectl)")
	flags.StringVar(&f.context, "kube-context", "", "context of the kubeconfig")
	f.addManifests(cmd, "check whether STACK can be installed with this profile", "namespace of the release and of objects in files without one (default: default)")
	flags.StringArrayVar(&options.Accept, "accept", nil, "ID of a check whose findings do not count (repeatable)")
	flags.BoolVar(&printRBAC, "print-rbac", false, "print the ClusterRole that preflight needs, and exit")
	addOutputFlag(cmd, &format, "text", "json", "junit")
	_ = cmd.RegisterFlagCompletionFunc("accept", cobra.FixedCompletions(preflight.IDs(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func writePreflight(out io.Writer, r preflight.Report, format string) error {
	switch format {
	case "json":
		return printJSON(out, r)
	case "junit":
		return r.WriteJUnit(out)
	default:
		return r.WriteText(out, coloured(out))
	}
}

// installation reads or renders what will be installed.
func (f *verifyFlags) installation(ctx context.Context, s streams, args []string) (*snapshot.Installation, error) {
	objects, err := f.objects(ctx, s, args)
	if err != nil {
		return nil, err
	}
	if err := apiserver.Check(objects, 0); err != nil {
		return nil, err
	}
	manifest.SetNamespace(objects, cmp.Or(f.options.Namespace, manifest.DefaultNamespace))
	i, err := snapshot.NewInstallation(objects)
	if err != nil || f.values.profile == "" {
		return i, err
	}
	profiles, err := generator.LoadProfiles()
	if err != nil {
		return nil, err
	}
	p, err := profile.Find(profiles, f.values.profile)
	i.Nodes, i.Zones = p.Needs.Nodes, p.Needs.Zones
	return i, err
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
