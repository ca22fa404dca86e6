package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/secrets"
	"github.com/spf13/cobra"
)

func newSecretsCmd(s streams) *cobra.Command {
	var (
		input    valuesFlags
		options  render.Options
		existing string
		change   secrets.Options
	)
	cmd := &cobra.Command{
		Use:   "secrets [STACK]",
		Short: "Print the Secrets of a release, or rotate them",
		Long: `secrets prints the Secrets that the chart creates when Helm installs it on a cluster. Use it where
the chart is rendered without a cluster, as in GitOps or with "holdfast render". The manifests
refer to the Secrets by name.

Without --from-existing, passwords and certificates are new at each call. Pass the output to kubectl
create, which refuses to replace a Secret. With kubectl apply, a second call would lock out clients
and split the bus.

With --from-existing, Secrets keep their content. Missing Secrets and keys are added, and
certificates that end are renewed by the same CA. FILE is the output of kubectl get secrets -o yaml,
"-" is stdin. Standard error has what changed, and what to do next.

A rotation takes three steps: add, use and drop. Apply the output of a step and wait until all pods
have it before the next step. See docs/guides/secrets.md.`,
		Example: `  holdfast secrets --release events -n events | kubectl create -n events -f -
  kubectl get secrets -n events -o yaml |
    holdfast secrets --release events -n events --from-existing - --rotate-ca add |
    kubectl apply -n events -f -`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := input.load(args, &options)
			if err != nil {
				return err
			}
			if existing == "" {
				all, err := c.Secrets(options)
				if err != nil {
					return err
				}
				return printObjects(s, all)
			}
			found, err := readSecrets(s.in, existing)
			if err != nil {
				return err
			}
			change.Now = time.Now()
			all, notes, err := c.UpdateSecrets(options, found, change)
			if err != nil {
				return err
			}
			for _, note := range notes {
				fmt.Fprintln(s.err, note)
			}
			return printObjects(s, all)
		},
	}
	input.add(cmd)
	addReleaseFlags(cmd, &options)
	flags := cmd.Flags()
	flags.StringVar(&existing, "from-existing", "", "keep the content of these `Secrets`, a file or - for stdin")
	addStepFlag(cmd, &change.RotateCA, "rotate-ca", "next step in a rotation of the CA: add, use or drop")
	addStepFlag(cmd, &change.RotatePassword, "rotate-password", "next step in a rotation of the user: add, use or drop")
	flags.BoolVar(&change.Renew, "renew", false, "issue a new certificate, even if the present one is valid")
	flags.DurationVar(&change.RenewBefore, "renew-before", 30*24*time.Hour, "renew a certificate this long before it ends")
	requires(cmd, "from-existing", "rotate-ca", "rotate-password", "renew", "renew-before")
	mutuallyExclusive(cmd, "rotate-ca", "the certificate is renewed with step use", "renew")
	return cmd
}

// addStepFlag adds a flag for a step of a rotation.
func addStepFlag(cmd *cobra.Command, step *secrets.Step, name, usage string) {
	cmd.Flags().Var(choice{secrets.Steps, (*string)(step)}, name, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(secrets.Steps, cobra.ShellCompDirectiveNoFileComp))
}

// readSecrets reads the existing Secrets from a file, or from stdin for "-".
func readSecrets(in io.Reader, file string) ([]secrets.Secret, error) {
	if file == "-" {
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		return secrets.Parse("stdin", text)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return secrets.Parse(file, text)
}
