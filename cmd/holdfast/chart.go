package main

import (
	"errors"

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
		Long: `chart writes the Helm chart of a stack, with all profiles in it. STACK is a built-in stack or a
file of your own. The folder is written completely or not at all. --force is required to
replace a folder that was edited since, or that holdfast did not write.`,
		Example: `  holdfast chart argo-events -o charts/argo-events
  holdfast chart ./shop.yaml -o charts/shop`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := loadChart(args[0])
			if err != nil {
				return err
			}
			return writeFolder(dir, c.Files, force)
		},
	}
	addFolderFlags(cmd, &dir, &force)
	_ = cmd.MarkFlagRequired("output")
	return cmd
}

// addFolderFlags adds -o and --force for a command that writes a folder.
func addFolderFlags(cmd *cobra.Command, dir *string, force *bool) {
	cmd.Flags().StringVarP(dir, "output", "o", "", "folder to write")
	addForceFlag(cmd, force)
}

// addForceFlag adds --force for a command that writes a folder.
func addForceFlag(cmd *cobra.Command, force *bool) {
	cmd.Flags().BoolVar(force, "force", false, "replace a folder that was edited since, or that holdfast did not write")
}

// writeFolder writes a folder. An edited folder is bad input; any other failure is an otherError.
func writeFolder(dir string, files map[string][]byte, force bool) error {
	err := folder.Write(dir, files, force)
	if err == nil || errors.Is(err, folder.ErrEdited) {
		return err
	}
	return otherError{err}
}
