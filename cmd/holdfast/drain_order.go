package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/maintenance"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/spf13/cobra"
)

func newDrainOrderCmd(s streams) *cobra.Command {
	var (
		f      verifyFlags
		o      maintenance.Options
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "drain-order {-f FILE... | --kubeconfig FILE} [NODE...]",
		Short: "Find an order in which nodes can be drained",
		Long: `drain-order simulates a maintenance: the nodes of a round are drained, lose their power for a while,
return and are uncordoned. Then the next round begins. Pods stay where a round has moved them. The
output has the rounds with the commands of kubectl, the workloads that each round interrupts, and
what is lost. For a node that cannot be drained it has the reason. drain-order needs no cluster, and
never writes to one.

The input is that of "holdfast verify": the nodes and workloads of a live cluster, or manifests on
the nodes of --cluster, --nodes or a live cluster. Of a live cluster it reads all namespaces; with
-n it reads one, and pods of the others may block a drain.

A drain is blocked if kubectl drain does not end: no eviction is allowed, or a pod has no controller
and --force is not given. With --uninterrupted, a round is also not allowed if it interrupts a
workload; --within allows outages of at most that long. With --survives, no failure of one of these
domains may interrupt a workload either while the nodes of a round are away.

The outcome is one of:
  proven      each drain ends wherever the scheduler places the pods
  as placed   the rounds are valid where the simulated scheduler places the pods that they move: run
              the command again before each round
  blocked     some node cannot be drained
  not judged  an object of an unsupported kind may create pods that block a drain

Exit code 0: every node can be drained, proven or as placed. Exit code 1: otherwise.`,
		Example: `  holdfast drain-order -f golden/web-multi-zone/objects --nodes 6
  holdfast drain-order -f manifests/ --cluster nodes.yaml --at-once 0
  holdfast drain-order --kubeconfig ~/.kube/config --uninterrupted --within 1m
  holdfast drain-order --kubeconfig ~/.kube/config --survives node node-1 node-2
  holdfast drain-order -f manifests/ --nodes 6 --zones 3 -o json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given = func(flag string) bool {
				return cmd.Flags().Changed(flag) && (flag != "within" || cmd.Flags().Changed("survives"))
			}
			if f.nothing() {
				return errors.New("nothing to drain: pass -f FILE or --kubeconfig FILE")
			}
			if o.AtOnce < 0 {
				return fmt.Errorf("--at-once: is %d: want a number of nodes, or 0 for as many as possible", o.AtOnce)
			}
			p, err := f.drainOrder(cmd.Context(), s, o, args)
			if err != nil {
				return err
			}
			if err := printResult(s.out, asJSON, p, p.WriteText); err != nil {
				return otherError{err}
			}
			if !p.Fine() {
				return errFindings
			}
			return nil
		},
	}
	f.addFiles(cmd, "namespace of objects in files without one (default: default), or the only one to read of the live cluster (default: all)")
	f.addCluster(cmd)
	cmd.Flags().Lookup("kubeconfig").Usage = "read the nodes of a live cluster, and its workloads unless -f is given (default: as kubectl)"
	cmd.Flags().Lookup("survives").Usage = "require that the failure of any one of these domains interrupts no workload while nodes are away: " + strings.Join(requirementNames(), ", ") + " or NAME=LABEL"
	cmd.Flags().Lookup("within").Usage = "with --uninterrupted or --survives: allow outages of at most this long, 30s or 2m"
	cmd.Flags().Lookup("config").Usage = "config file: requirement, cluster and replication"
	flags := cmd.Flags()
	flags.IntVar(&o.AtOnce, "at-once", 1, "number of nodes that are drained at the same time; 0 for as many as possible")
	flags.BoolVar(&o.Force, "force", false, "evict pods without a controller too, as kubectl drain --force does: no controller creates them again")
	flags.BoolVar(&o.Uninterrupted, "uninterrupted", false, "require that no round interrupts a workload")
	addJSONFlag(cmd, &asJSON)
	validateFlags(cmd, func(given func(string) bool) error {
		if given("within") && f.within <= 0 {
			return fmt.Errorf("--within: is %s: want a positive duration, like 30s or 2m", f.within)
		}
		if given("within") && !given("survives") && !given("uninterrupted") && !given("config") {
			return errors.New("--within needs --uninterrupted or --survives: without them, outages of any length are allowed")
		}
		return nil
	})
	return cmd
}

// nothing reports whether no flag selects an input.
func (f *verifyFlags) nothing() bool {
	return !f.given("filename") && !f.given("kubeconfig") && !f.given("kube-context")
}

// drainOrder reads the input that the flags name, and finds the order of the nodes in args.
func (f *verifyFlags) drainOrder(ctx context.Context, s streams, o maintenance.Options, args []string) (maintenance.Plan, error) {
	o.Nodes = args
	f.allNamespaces = !f.given("namespace")
	if o.Within = f.within; !f.given("within") {
		f.within = 0 // it limits the interruptions by drains, not those of a requirement
	}
	in, err := f.input(ctx, s, nil)
	if err != nil {
		return maintenance.Plan{}, err
	}
	if f.live != nil && len(f.files) == 0 && f.given("namespace") {
		o.Unread = "pods of other namespaces than " + f.options.Namespace + " were not read"
	}
	steps := showProgress(s.err)
	in.Progress = steps.set
	p, err := verify.DrainOrder(ctx, in, o)
	steps.done()
	if fault := (verify.SimulationError{}); errors.As(err, &fault) {
		return p, otherError{err}
	}
	if errors.Is(err, sim.ErrTooLong) {
		return p, fmt.Errorf("%w: pass the nodes to drain as arguments, or one namespace (--namespace with --kubeconfig)", err)
	}
	return p, err
}
