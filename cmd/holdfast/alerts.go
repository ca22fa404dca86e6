package main

import (
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

func newAlertsCmd(s streams) *cobra.Command {
	var (
		input   valuesFlags
		options render.Options
	)
	cmd := &cobra.Command{
		Use:   "alerts [STACK]",
		Short: "Print the alerts of a stack as a rule file of Prometheus",
		Long: `alerts prints the rules of the PrometheusRules that the chart creates with monitoring.enabled=true,
as a file for rule_files of a Prometheus without the Prometheus Operator. STACK is a built-in stack
(default: argo-events) or a file of your own.

The rules read the metrics of kube-state-metrics. Those of argo-events also read port metrics of the
bus, the event sources and the sensors, with the labels namespace and pod.
docs/guides/monitoring.md has the configuration of Prometheus for them.`,
		Example: `  holdfast alerts --profile multi-zone -f values/webhook.yaml -n events > holdfast.rules.yaml
  holdfast alerts stacks/web.yaml --profile multi-node | promtool check rules /dev/stdin`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := input.load(args, &options)
			if err != nil {
				return err
			}
			text, err := c.Alerts(options)
			if err != nil {
				return err
			}
			if _, err := s.out.Write(text); err != nil {
				return otherError{err}
			}
			return nil
		},
	}
	input.add(cmd)
	addReleaseFlags(cmd, &options)
	return cmd
}
