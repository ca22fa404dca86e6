package main

import (
	"errors"
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/kustomize"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

func newKustomizeCmd(_ streams) *cobra.Command {
	var (
		input   valuesFlags
		options render.Options
		names   []string
		dir     string
		force   bool
	)
	cmd := &cobra.Command{
		Use:   "kustomize [STACK] -o DIR",
		Short: "Write a Kustomize base, and an overlay for each other profile",
		Long: `kustomize renders the stack under several profiles and writes a folder for Kustomize:

  base/                  the first profile, single-node: one file per object
  components/<profile>/  the changes of each other profile, with reasons; your overlays can use them
  overlays/<profile>/    the base with that component

Each build has the objects of "holdfast render --no-hooks", without Helm's own labels and
annotations.

The objects have no namespace: set it in an overlay or by kubectl -n. Only names in certificates
and admission policies contain it as text; with those, pass -n. Secrets are not included:
"holdfast secrets" prints them. The folder is written completely or not at all. --force is required
to replace a folder that was edited since, or that holdfast did not write.`,
		Example: `  holdfast kustomize -f values/webhook.yaml -n events -o out &&
    kubectl apply -n events -k out/overlays/multi-zone
  holdfast kustomize stacks/web.yaml --profiles multi-node,multi-zone -o out`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := input.load(args, &options)
			if err != nil {
				return err
			}
			profiles, err := profile.Select(c.Profiles, names)
			if err != nil {
				return fmt.Errorf("--profiles: %w", err)
			}
			files, err := c.Kustomize(options, profiles)
			if errors.Is(err, kustomize.ErrNoPatch) {
				return otherError{err}
			}
			if err != nil {
				return err
			}
			return writeFolder(dir, files, force)
		},
	}
	input.addValues(cmd)
	addReleaseFlags(cmd, &options)
	cmd.Flags().StringSliceVar(&names, "profiles", profileNames(), "profiles to write; the first is the base")
	_ = cmd.RegisterFlagCompletionFunc("profiles", completeProfiles)
	cmd.Flags().BoolVar(&options.CRDs, "include-crds", false, "add the custom resource definitions to the base")
	addFolderFlags(cmd, &dir, &force)
	_ = cmd.MarkFlagRequired("output")
	return cmd
}
