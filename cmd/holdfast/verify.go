package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
	"github.com/spf13/cobra"
)

func newVerifyCmd(s streams) *cobra.Command {
	var (
		f      verifyFlags
		format string

		onlyFailing bool
	)
	cmd := &cobra.Command{
		Use:   "verify {-f FILE... | --profile NAME [STACK] | --kubeconfig FILE}",
		Short: "Report which failures the workloads of any manifests survive",
		Long: `verify reads manifests and places their pods on a simulated cluster with the plugins of
kube-scheduler. It fails each node and each zone, drains each node and rolls out each workload, and
reports for each workload whether it keeps serving, recovers or becomes unavailable. It also finds
faults that no API server refuses. It needs no cluster.

With --profile it renders a stack first, as "holdfast render" does. The requirement is then the
promise of the profile, on the smallest cluster that the profile needs. Positions refer to the files
that "holdfast render -o" writes.

With --kubeconfig, holdfast reads the nodes of a live cluster, and its workloads unless -f or
--profile is given. It never writes. It reads one namespace, so that the pods of others take no
capacity; -A reads all namespaces. Positions are live/NAMESPACE/KIND/NAME, with the lines of
"kubectl get KIND NAME -n NAMESPACE -o yaml".

Running pods stay on their nodes, whether they are read from files or from a cluster. Only missing
pods are placed.

The replication of a workload is taken from --replication, from the annotation
` + workload.Annotation + `, or assumed: a quorum for known images, otherwise one
ready pod serves. One of:
` + strings.Join(workload.Syntax(), ", ") + `.

--survives is a requirement on every workload: none may become unavailable when any one of these
failure domains fails, any node fails or is drained, or any workload is rolled out. A failure domain
is node, zone, or NAME=LABEL for nodes with the same value of a label. --within allows an outage of
at most that long, failover and elections included.

The outcome of a requirement is one of:
  proven      it holds wherever the scheduler may place the pods
  as placed   it holds for the simulated or running placement only; --as-placed accepts it
  not met     an event breaks it
  not judged  no pods were judged, or an object of an unsupported kind may create pods

Exit code 0: the requirement is proven, or accepted as placed, and no rule has a finding. Exit code
1: otherwise. An object ignores a rule with the annotation
` + rules.Ignore + `RULE: REASON, and a config with the key ignore. Breaches of the
requirement are the rules claim-rest, claim-lose-node, claim-lose-zone (or the name of another
domain), claim-drain-node and claim-roll. Objects that are not judged are the rule claim-not-judged.
With --baseline, only findings that are not in the earlier report count.

The same options as a config file (flags take precedence; docs/config.md and docs/config.schema.json
describe all keys):

  survives: zone                   # or node, or rack=example.org/rack
  within: 2m                       # without: no workload may become unavailable
  asPlaced: true                   # accept the outcome "as placed"
  cluster: nodes.yaml              # relative to the config; or nodes: 6, zones: 3
  kubeVersion: 1.37                # version of Kubernetes
  detection: 40s                   # until the control plane detects a node failure
  replication: {StatefulSet/store: quorum}
  ignore:
    - rule: budget-blocks-drain    # or claim-lose-node, with * for any text
      objects: PodDisruptionBudget/api    # KIND/NAME or KIND/NAMESPACE/NAME, with *; default: all
      reason: the API may stop at night`,
		Example: `  holdfast verify -f golden/web-multi-zone/objects
  holdfast verify --profile multi-zone --values values/webhook.yaml
  helm template . | holdfast verify -f - --nodes 6 --zones 3 -o json
  holdfast verify -f manifests/ --cluster nodes.yaml --replication StatefulSet/store=quorum
  holdfast verify --kubeconfig ~/.kube/config -n events --survives zone
  holdfast verify -f manifests/ --survives node --within 2m
  holdfast verify -f manifests/ --survives rack=example.org/rack
  holdfast verify -f manifests/ --baseline last.json -o sarif > holdfast.sarif
  holdfast verify --profile multi-zone --nodes 6 -o html > page.html`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given = cmd.Flags().Changed
			if onlyFailing && format != "text" {
				return fmt.Errorf("--only-failing and -o %s are mutually exclusive: only the text leaves something out", format)
			}
			r, err := f.verify(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			if err := writeReport(s.out, r, format, onlyFailing); err != nil {
				return otherError{err}
			}
			if !r.Passed() {
				return errFindings
			}
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&onlyFailing, "only-failing", false, "with -o text: leave out workloads that no event interrupts, ignored findings and assumptions")
	addOutputFlag(cmd, &format, "text", "json", "sarif", "junit", "html")
	return cmd
}

func writeReport(out io.Writer, r report.Report, format string, onlyFailing bool) error {
	switch format {
	case "json":
		return printJSON(out, r)
	case "sarif":
		here, err := os.Getwd()
		if err != nil {
			return err
		}
		return r.WriteSARIF(out, here, currentVersion().Version)
	case "junit":
		return r.WriteJUnit(out)
	case "html":
		return r.WriteHTML(out)
	default:
		return r.WriteText(out, report.TextOptions{Coloured: coloured(out), OnlyFailing: onlyFailing})
	}
}

// verify reads the input that the flags name, and verifies it.
func (f *verifyFlags) verify(ctx context.Context, s streams, args []string) (report.Report, error) {
	in, err := f.input(ctx, s, args)
	if err != nil {
		return report.Report{}, err
	}
	steps := showProgress(s.err)
	in.Progress = steps.set
	r, err := verify.Run(ctx, in)
	steps.done()
	if fault := (verify.SimulationError{}); errors.As(err, &fault) {
		return r, otherError{err}
	}
	if tooLarge := (survival.TooLargeError{}); errors.As(err, &tooLarge) {
		return r, fmt.Errorf("%w: pass fewer manifests, one namespace (--namespace with --kubeconfig), a smaller cluster (--nodes), or --rules-only", err)
	}
	if err != nil {
		return r, err
	}
	for _, unused := range in.Config.Unused() {
		fmt.Fprintf(s.err, "holdfast: %s\n", plain.Lines(unused))
	}
	return r, nil
}
