package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/workload"
	"github.com/spf13/cobra"
)

func newVerifyCmd(s streams) *cobra.Command {
	var (
		f      verifyFlags
		format string
	)
	cmd := &cobra.Command{
		Use:   "verify {-f FILE... | --profile P [STACK] | --kubeconfig FILE}",
		Short: "Say what survives the loss of a node or a zone, of any manifests",
		Long: `verify reads manifests, whoever made them, places their pods on a cluster with the plugins of
kube-scheduler, takes away each node and each zone, drains each node and rolls each workload: it
says which workloads go on, which come back, and which stop. Beside that it looks for faults that no
API server refuses. It needs no cluster.

With --profile it renders a stack first, as "holdfast render" does, and holds it to what the profile
promises on the smallest cluster that the profile needs. Places are in the files that
"holdfast render -o" writes.

With --kubeconfig the nodes are those of a cluster, which is only read, and so are the objects where
no others are given: what makes pods in a namespace and what is around it. What other namespaces run
takes no room then; -A reads all. Places are those of "kubectl get KIND NAME -n NAMESPACE -o yaml",
as live/NAMESPACE/KIND/NAME.

Pods that run are where they are, in whichever way they are read: nothing is placed anew but what is
missing.

How a workload replicates is said by --replication, by the annotation
` + workload.Annotation + `, or assumed: a quorum of known images, otherwise one ready
pod serves. One of ` + joined(workload.Models) + `.

A claim holds all workloads to it: none may stop. With --within one may, and is held to the time
until it serves again, and so is the time that a lease or an election takes. Exit code 0: the claim
is kept and no rule complains. 1: it is not, or one does. What an object ignores by the annotation
` + rules.Ignore + `RULE, or a config does, with a reason, counts neither way; what
breaks a claim is ignored as claim-lose-node, claim-lose-zone, claim-drain-node, claim-roll or
claim-rest. With --baseline, an earlier report, only what is new counts, wherever its lines have
moved.

A config says the same again and again; flags count more:

  survives: zone
  within: 2m                       # else nothing may stop
  cluster: nodes.yaml              # from the config's folder; or nodes: 6, zones: 3
  detection: 40s                   # until the control plane knows that a node is silent
  replication: {StatefulSet/store: quorum}
  ignore:
    - rule: budget-blocks-drain    # or claim-*
      objects: PodDisruptionBudget/api    # KIND/NAME or KIND/NAMESPACE/NAME, with *; left out: all
      reason: the API may stop at night`,
		Example: `  holdfast verify -f golden/web-multi-zone/objects
  holdfast verify --profile multi-zone --values values/webhook.yaml
  helm template . | holdfast verify -f - --nodes 6 --zones 3 -o json
  holdfast verify -f manifests/ --cluster nodes.yaml --replication StatefulSet/store=quorum
  holdfast verify --kubeconfig ~/.kube/config -n events --survives zone
  holdfast verify -f manifests/ --survives node --within 2m
  holdfast verify -f manifests/ --baseline last.json -o sarif > holdfast.sarif
  holdfast verify --profile multi-zone --nodes 6 -o html > page.html`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given = cmd.Flags().Changed
			r, err := f.verify(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			if err := writeReport(s.out, r, format); err != nil {
				return otherError{err}
			}
			if !r.Passed() {
				return errFindings
			}
			return nil
		},
	}
	f.add(cmd)
	addOutputFlag(cmd, &format, "text", "json", "sarif", "junit", "html")
	return cmd
}

func writeReport(out io.Writer, r report.Report, format string) error {
	switch format {
	case "json":
		return printJSON(out, r)
	case "sarif":
		here, err := os.Getwd()
		if err != nil {
			return err
		}
		return r.WriteSARIF(out, here)
	case "junit":
		return r.WriteJUnit(out)
	case "html":
		return r.WriteHTML(out)
	default:
		return r.WriteText(out, coloured(out))
	}
}

// verify reads the input that the flags name, and verifies it.
func (f *verifyFlags) verify(ctx context.Context, s streams, args []string) (report.Report, error) {
	in, err := f.input(ctx, s, args)
	if err != nil {
		return report.Report{}, err
	}
	in.Progress = func(workloads, nodes int) func() {
		return waiting(s.err, fmt.Sprintf("%d workloads on %d nodes", workloads, nodes))
	}
	r, err := verify.Run(ctx, in)
	if fault := (verify.SimulationError{}); errors.As(err, &fault) {
		return r, otherError{err}
	}
	if err != nil {
		return r, err
	}
	for _, unused := range in.Config.Unused() {
		fmt.Fprintf(s.err, "holdfast: %s\n", unused)
	}
	return r, nil
}

func joined(models []workload.Model) string {
	all := make([]string, len(models))
	for i, m := range models {
		all[i] = string(m)
	}
	return strings.Join(all, ", ")
}
