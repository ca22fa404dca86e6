package main

import (
	"context"
	"errors"
	"slices"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/inspect"
	"github.com/holdfast-ha/holdfast/generator/plan"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

func newPlanCmd(s streams) *cobra.Command {
	var (
		f      planFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "plan [STACK]",
		Short: "Show the effects of a change of profile or values",
		Long: `plan compares two sides of a release: profiles, values, or a release that Helm has installed. It
lists the objects that are created, changed and removed, the pods that are replaced, the changes
that the API server would refuse and the volume claims that stay in use. It prints the commands
and changes nothing.

Values of -f and --set apply to both sides. A field with its default value counts as changed when
only one side has it, although the API server sees no difference.

holdfast reads the release as Helm stored it. Manual changes on the cluster are not in the plan;
print them with: helm get manifest RELEASE | kubectl diff -f -

If pods must be in different zones from now on, holdfast reads the zones of their disks with
--from-release. That takes permission to list persistent volumes and nodes.

A lowered limit of the bus's stream deletes events. With --bus, holdfast reads how many. It changes
nothing on the bus. To reach a bus in a cluster, forward its port:
  kubectl port-forward -n events service/events-argo-events-bus 4222

Exit code 0: nothing to do, or one upgrade makes the change in place. Exit code 1: data must
migrate, a step is left to you, the API server would refuse a change, or data would be lost. The
first line gives the reason.`,
		Example: `  holdfast plan --from single-node --to multi-zone -f values/webhook.yaml
  holdfast plan --from multi-zone --to-set bus.replicas=5
  holdfast plan stacks/web.yaml --from multi-node --to multi-zone -o json
  holdfast plan --from-release events -n events --to multi-zone
  holdfast plan --from-release events -n events --to-set eventBus.stream.maxAge=24h \
    --bus nats://localhost:4222 --bus-auth auth.yaml --bus-ca ca.crt`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.plan(cmd.Context(), stackOf(args))
			if err != nil {
				return err
			}
			if err := printResult(s.out, asJSON, p, p.Write); err != nil {
				return err
			}
			if !p.Verdict.Fine() {
				return errFindings
			}
			return nil
		},
	}
	f.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// planFlags are the flags of plan.
type planFlags struct {
	change  generator.Switch
	release string
	cluster render.Cluster
	bus     inspect.Bus
}

func (f *planFlags) add(cmd *cobra.Command) {
	addReleaseFlags(cmd, &f.change.Options)
	flags, s := cmd.Flags(), &f.change
	flags.StringVar(&s.FromProfile, "from", "", "profile before the change")
	flags.StringVar(&s.ToProfile, "to", "", "profile after the change (default: the same)")
	flags.StringArrayVarP(&s.Both.Files, "values", "f", nil, "values file of both sides (repeatable; the last takes precedence)")
	flags.StringArrayVar(&s.Both.Set, "set", nil, "set a value of both sides: key=v, a.b=v, list[0]=v (repeatable)")
	flags.StringArrayVar(&s.Both.SetString, "set-string", nil, "like --set, but the value is always a string")
	flags.StringArrayVar(&s.From.Files, "from-values", nil, "values file before the change")
	flags.StringArrayVar(&s.From.Set, "from-set", nil, "set a value before the change")
	flags.StringArrayVar(&s.To.Files, "to-values", nil, "values file after the change")
	flags.StringArrayVar(&s.To.Set, "to-set", nil, "set a value after the change")
	flags.StringVar(&f.release, "from-release", "", "compare with this installed release; its values apply to both sides")
	flags.StringVar(&f.cluster.Kubeconfig, "kubeconfig", "", "with --from-release: kubeconfig of the cluster (default: that of kubectl)")
	flags.StringVar(&f.cluster.Context, "kube-context", "", "with --from-release: context of the kubeconfig")
	addBusFlags(cmd, &f.bus, "count the events beyond lowered limits on this bus: nats://host:port")
	requires(cmd, "bus", "bus-auth", "bus-ca", "bus-server-name")
	for _, name := range []string{"from", "to"} {
		_ = cmd.RegisterFlagCompletionFunc(name, completeProfiles)
	}
	mutuallyExclusive(cmd, "from-release", "the release has its profile, its values and its name", "from", "from-values", "from-set", "release")
	requireOneOf(cmd, "nothing to compare with: pass --from PROFILE or --from-release NAME", "from", "from-release")
}

// addBusFlags adds the flags of a connection to a bus.
func addBusFlags(cmd *cobra.Command, bus *inspect.Bus, usage string) {
	flags := cmd.Flags()
	flags.StringVar(&bus.URL, "bus", "", usage)
	flags.StringVar(&bus.AuthFile, "bus-auth", "", "YAML file with username and password for the bus")
	flags.StringVar(&bus.CAFile, "bus-ca", "", "PEM file with the CA of the bus (default: the CAs of the system)")
	flags.StringVar(&bus.ServerName, "bus-server-name", "", "name in the certificate of the bus (default: the host of --bus)")
}

// plan reads the release and the bus if the flags name them, and plans the change.
func (f *planFlags) plan(ctx context.Context, stackName string) (plan.Plan, error) {
	c, err := loadChart(stackName)
	if err != nil {
		return plan.Plan{}, err
	}
	s := f.change
	if slices.Contains(slices.Concat(s.Both.Files, s.From.Files, s.To.Files), "-") {
		return plan.Plan{}, errors.New("values file -: standard input can be read only once, and plan reads values twice: pass a file")
	}
	if f.release != "" {
		s.Options.Release, s.Cluster = f.release, f.clusterFlags()
		s.Installed, err = c.ReadRelease(f.cluster, s.Options.Namespace, f.release)
		if errors.Is(err, render.ErrCluster) {
			return plan.Plan{}, otherError{err}
		}
		if err != nil {
			return plan.Plan{}, err
		}
		s.Live.Domains = inspect.Disks(ctx, f.cluster.Kubeconfig, f.cluster.Context, s.Options.Namespace)
	}
	if f.bus.URL != "" {
		stream, disconnect, err := inspect.Stream(ctx, f.bus)
		if errors.Is(err, inspect.ErrBus) {
			return plan.Plan{}, otherError{err}
		}
		if err != nil {
			return plan.Plan{}, err
		}
		defer disconnect()
		s.Live.Stream = stream
	}
	return c.Plan(s)
}

// clusterFlags returns the flags that select the cluster; helm has the same.
func (f *planFlags) clusterFlags() []string {
	var flags []string
	if f.cluster.Kubeconfig != "" {
		flags = append(flags, "--kubeconfig", f.cluster.Kubeconfig)
	}
	if f.cluster.Context != "" {
		flags = append(flags, "--kube-context", f.cluster.Context)
	}
	return flags
}
