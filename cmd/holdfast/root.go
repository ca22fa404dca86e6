package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every command.
const (
	exitFine     = 0
	exitFindings = 1
	exitBadInput = 2
	exitOther    = 3
)

// streams are where a command reads and writes: data on out, talk on err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// otherError marks an error that is not the user's input: a file that cannot be written, a fault of ours.
type otherError struct{ error }

func (e otherError) Unwrap() error { return e.error }

// errFindings is no error: the command has said all there is to say, and what it found is not fine.
var errFindings = errors.New("there are findings")

// run is main without the process: it returns the exit code.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRootCmd(streams{in, out, errOut})
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return exitFine
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	fmt.Fprintf(errOut, "holdfast: %v\n", err)
	if other := (otherError{}); errors.As(err, &other) {
		return exitOther
	}
	return exitBadInput
}

// helpWidth is how long a line of help may be.
const helpWidth = 100

func newRootCmd(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "holdfast",
		Short: "Highly available systems on Kubernetes, with the reasons",
		Long: `holdfast describes a system once, as a stack of components, and makes a Helm chart of it that
survives what the chosen profile promises: single-node, multi-node or multi-zone.

Exit codes: 0 fine, 1 findings, 2 bad input, 3 anything else.`,
		Example: `  holdfast profiles
  holdfast render --profile multi-zone -f values/webhook.yaml
  holdfast plan --from multi-node --to multi-zone -f values/webhook.yaml
  holdfast explain bus.replicas
  holdfast chart argo-events -o charts/argo-events`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", helpWidth)))
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.AddCommand(newRenderCmd(s), newPlanCmd(s), newVerifyCmd(s), newChartCmd(s), newKustomizeCmd(s), newProfilesCmd(s), newExplainCmd(s), newSecretsCmd(s), newVersionCmd(s))
	return root
}
