package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
	"github.com/spf13/cobra"
)

func newVerifyCmd(s streams) *cobra.Command {
	var (
		f      verifyFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "verify -f FILE...",
		Short: "Say what survives the loss of a node or a zone, of any manifests",
		Long: `verify reads manifests, whoever made them, places their pods on a cluster with the plugins of
kube-scheduler, and takes away each node and each zone: it says which workloads go on, which come back, and
which stop. Beside that it looks for faults that no API server refuses. It needs no cluster.

How a workload replicates is said by --replication, by the annotation ` + workload.Annotation + `,
or assumed: a quorum of known images, otherwise one ready pod serves. One of ` + joined(workload.Models) + `.

A claim holds all workloads to it. Exit code 0: the claim is kept and no rule complains. 1: it is not, or one does.`,
		Example: `  holdfast verify -f golden/web-multi-zone/objects
  holdfast render --profile multi-zone | holdfast verify -f - --survives zone
  helm template . | holdfast verify -f - --nodes 6 --zones 3 -o json
  holdfast verify -f manifests/ --cluster nodes.yaml --replication StatefulSet/store=quorum`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := f.verify(cmd.Context(), s)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(s.out, r)
			} else {
				err = r.WriteText(s.out)
			}
			if err == nil && !r.Fine() {
				err = errFindings
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "file or folder of manifests, - for standard input (repeatable)")
	flags.IntVar(&f.nodes, "nodes", 0, "how many nodes there are (default: one in each zone)")
	flags.IntVar(&f.zones, "zones", 3, "in how many zones they are")
	flags.StringVar(&f.cluster, "cluster", "", "file with the nodes instead: kubectl get nodes -o yaml, or a list of groups")
	flags.StringVar(&f.claim, "survives", "", "what is claimed to survive: "+strings.Join(report.Claims, ", "))
	flags.StringToStringVar(&f.replication, "replication", nil, "how a workload replicates: KIND/NAME=MODEL (repeatable)")
	for _, name := range []string{"nodes", "zones"} {
		cmd.MarkFlagsMutuallyExclusive("cluster", name)
	}
	_ = cmd.MarkFlagRequired("filename")
	_ = cmd.RegisterFlagCompletionFunc("survives", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return report.Claims, cobra.ShellCompDirectiveNoFileComp
	})
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// verifyFlags say what is verified, and on what.
type verifyFlags struct {
	files          []string
	nodes, zones   int
	cluster, claim string
	replication    map[string]string
}

func (f *verifyFlags) verify(ctx context.Context, s streams) (report.Report, error) {
	if f.claim != "" && !slices.Contains(report.Claims, f.claim) {
		return report.Report{}, fmt.Errorf("--survives: unknown claim %q: choose one of %s", f.claim, strings.Join(report.Claims, ", "))
	}
	objects, err := manifest.Load(f.files, s.in)
	if err != nil {
		return report.Report{}, err
	}
	if len(objects) == 0 {
		return report.Report{}, fmt.Errorf("there is no object in %s: did what should have written it fail?", strings.Join(f.files, ", "))
	}
	system, err := workload.Read(objects)
	if err != nil {
		return report.Report{}, err
	}
	if err := system.Tell(f.replication); err != nil {
		return report.Report{}, err
	}
	c, err := f.nodesOf()
	if err != nil {
		return report.Report{}, err
	}
	if f.claim == "zone" && len(c.Zones()) < 2 {
		return report.Report{}, fmt.Errorf("--survives zone: the cluster has nodes in %d zones: it takes two to lose one", len(c.Zones()))
	}
	played, err := survival.Play(ctx, c, system)
	if err != nil {
		return report.Report{}, otherError{err}
	}
	return report.New(c, f.claim, system, rules.Check(system, c), played), nil
}

// nodesOf is the cluster that the flags describe.
func (f *verifyFlags) nodesOf() (cluster.Cluster, error) {
	if f.cluster != "" {
		text, err := os.ReadFile(f.cluster)
		if err != nil {
			return cluster.Cluster{}, err
		}
		return cluster.Parse(f.cluster, text)
	}
	return cluster.Uniform(cmp.Or(f.nodes, f.zones, 1), f.zones)
}

func joined(models []workload.Model) string {
	all := make([]string, len(models))
	for i, m := range models {
		all[i] = string(m)
	}
	return strings.Join(all, ", ")
}
