package main

import (
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

func newSecretsCmd(s streams) *cobra.Command {
	var (
		input   valuesFlags
		options render.Options
	)
	cmd := &cobra.Command{
		Use:   "secrets [STACK]",
		Short: "Print the Secrets that helm install would create",
		Long: `secrets prints the Secrets that the chart creates when Helm installs it on a cluster, with new
random content at each call. Use it where the chart is rendered without a cluster, as in GitOps or
with "holdfast render": apply or seal the Secrets once. The manifests refer to them by name.`,
		Example: `  holdfast secrets --release events -n events | kubectl apply -n events -f -
  holdfast secrets --release events -n events -f values/webhook.yaml |
    kubeseal -o yaml > sealed.yaml`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := input.load(args, &options)
			if err != nil {
				return err
			}
			secrets, err := c.Secrets(options)
			if err != nil {
				return err
			}
			return printObjects(s, secrets)
		},
	}
	input.add(cmd)
	addReleaseFlags(cmd, &options)
	return cmd
}
