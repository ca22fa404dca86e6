package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/internal/similar"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes of every command.
const (
	exitFine     = 0
	exitFindings = 1
	exitBadInput = 2
	exitOther    = 3
)

// streams are the input and output of a command: results go to out, messages to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// otherError is an error that the user's input did not cause, such as a file that cannot be written.
type otherError struct{ error }

func (e otherError) Unwrap() error { return e.error }

// errFindings sets exit code 1; the findings are already printed.
var errFindings = errors.New("there are findings")

// run executes a command and returns its exit code. A canceled command prints nothing.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRootCmd(streams{in, out, errOut})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil {
		return exitOther
	}
	if err == nil {
		return exitFine
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	fmt.Fprintf(errOut, "holdfast: %s\n", plain.Lines(message(err)))
	if other := (otherError{}); errors.As(err, &other) {
		return exitOther
	}
	return exitBadInput
}

// message is the text of an error. Of a file that cannot be opened it has the name and the reason, without the system call.
func message(err error) string {
	text := err.Error()
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		text = strings.Replace(text, file.Error(), file.Path+": "+file.Err.Error(), 1)
	}
	return text
}

// unknownFlag adds the flag that an unknown one resembles.
func unknownFlag(cmd *cobra.Command, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	var all []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	if nearest, ok := similar.Nearest(name, all); ok {
		return fmt.Errorf("%w: did you mean --%s?", err, nearest)
	}
	return fmt.Errorf("%w: run %s --help for a list", err, cmd.CommandPath())
}

// helpWidth is the maximal length of a line of help.
const helpWidth = 100

func newRootCmd(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "holdfast",
		Short: "Make systems on Kubernetes highly available, and verify it",
		Long: `holdfast verifies which failures a system on Kubernetes survives, and generates highly available
systems. A system is described once, as a stack of components. Its Helm chart has the profiles
single-node, multi-node and multi-zone; each survives the failures that it promises.

-f is a file of values, as with helm. Only for "holdfast verify" and "holdfast drain-order", -f is a
file of manifests, as with kubectl.

Exit codes: 0 success, 1 findings, 2 bad input, 3 any other error or an interrupt.`,
		Example: `  holdfast verify -f golden/web-multi-zone/objects
  holdfast profiles
  holdfast render --profile multi-zone -f values/webhook.yaml
  holdfast plan --from multi-node --to multi-zone -f values/webhook.yaml
  holdfast explain bus.replicas
  holdfast chart argo-events -o charts/argo-events`,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", helpWidth)))
	root.SetFlagErrorFunc(unknownFlag)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.AddCommand(
		newRenderCmd(s), newPlanCmd(s), newVerifyCmd(s), newPreflightCmd(s), newDrainOrderCmd(s), newChartCmd(s), newKustomizeCmd(s),
		newProfilesCmd(s), newExplainCmd(s), newSecretsCmd(s), newAlertsCmd(s), newImportCmd(s), newBackupCmd(s), newRestoreCmd(s), newVersionCmd(s),
	)
	return root
}
