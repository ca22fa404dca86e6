package main

import (
	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/folder"
	"github.com/spf13/cobra"
)

func newChartCmd(_ streams) *cobra.Command {
	var (
		dir   string
		force bool
	)
	cmd := &cobra.Command{
		Use:   "chart STACK -o DIR",
		Short: "Write the Helm chart of a stack",
		Long: `chart turns a stack, a built-in one or your own file, into a Helm chart with all profiles in it. The
folder is written completely or not at all; one that was edited since is left alone without --force.`,
		Example: `  holdfast chart argo-events -o charts/argo-events
  holdfast chart ./shop.yaml -o charts/shop`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := loadStack(args)
			if err != nil {
				return err
			}
			all, err := loadProfiles()
			if err != nil {
				return err
			}
			files, err := chart.New(st, all)
			if err != nil {
				return err
			}
			return written(folder.Write(dir, files, force))
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "", "the chart's folder")
	cmd.Flags().BoolVar(&force, "force", false, "replace a folder that holdfast did not write, or that was edited since")
	_ = cmd.MarkFlagRequired("output")
	return cmd
}
