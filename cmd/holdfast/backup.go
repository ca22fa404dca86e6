package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/holdfast-ha/holdfast/generator/backup"
	"github.com/holdfast-ha/holdfast/generator/inspect"
	"github.com/holdfast-ha/holdfast/internal/table"
	"github.com/spf13/cobra"
)

func newBackupCmd(s streams) *cobra.Command {
	var (
		bus    inspect.Bus
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "backup DIR --bus URL",
		Short: "Save the streams of a bus with the positions of their consumers",
		Long: `backup saves all streams and key-value buckets of a JetStream bus to the new folder DIR, with the
positions of their consumers. The bus keeps running. The folder is written completely or not at all,
and has checksums of all files. Only your user can read it: events may contain secrets.

Streams are saved one after another, buckets last. After a restore, a sensor may repeat events that
it processed during the backup, but it misses none. Streams in memory are not saved.

To reach a bus in a cluster, forward its port:
  kubectl port-forward -n events service/events-argo-events-bus 4222

The folder of each stream has the format of "nats stream backup".`,
		Example: `  holdfast backup backup-monday --bus nats://localhost:4222 --bus-auth auth.yaml --bus-ca ca.crt`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := showProgress(s.err)
			saved, ignored, err := backup.Save(cmd.Context(), bus, args[0], p.set)
			p.done()
			if err != nil {
				return busError(cmd.Context(), err)
			}
			for _, stream := range ignored {
				fmt.Fprintln(s.err, "not saved:", stream)
			}
			return printStreams(s.out, asJSON, saved)
		},
	}
	addBusFlags(cmd, &bus, "save the streams of this bus: nats://host:port")
	requireOneOf(cmd, "no bus: pass --bus nats://HOST:PORT", "bus")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func newRestoreCmd(s streams) *cobra.Command {
	var (
		bus             inspect.Bus
		replace, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "restore DIR --bus URL",
		Short: "Restore the streams of a backup with the positions of their consumers",
		Long: `restore restores the streams and key-value buckets in DIR, which "holdfast backup" has written. Each
message keeps its sequence and time. Each consumer continues after its last message without a gap
in the acknowledgements before it.

restore changes nothing before it has verified the checksums of all files and the streams of the
bus. It refuses to replace a stream that has or had messages, unless --replace is given, one whose
limits are too low for the backup, and one with a connected sensor. A replaced stream, such as an
empty one of the chart, keeps its configuration: replicas and limits. Other streams of the bus do
not change.

Stop event sources and sensors first, because they create missing streams: see
docs/operations/backup-and-restore.md. Messages that are older than the maximal age of their stream
expire at once. The result has their number.`,
		Example: `  holdfast restore backup-monday --bus nats://localhost:4222 --bus-auth auth.yaml --bus-ca ca.crt`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := showProgress(s.err)
			restored, err := backup.Restore(cmd.Context(), bus, args[0], replace, p.set)
			p.done()
			if err != nil {
				return busError(cmd.Context(), err)
			}
			return printStreams(s.out, asJSON, restored)
		},
	}
	addBusFlags(cmd, &bus, "restore the streams to this bus: nats://host:port")
	cmd.Flags().BoolVar(&replace, "replace", false, "delete streams of the bus with messages if the backup has them")
	requireOneOf(cmd, "no bus: pass --bus nats://HOST:PORT", "bus")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// busError returns an error of the bus, or of an interrupt, as one that the input did not cause.
func busError(ctx context.Context, err error) error {
	if errors.Is(err, backup.ErrBus) || ctx.Err() != nil {
		return otherError{err}
	}
	return err
}

// printStreams prints the streams of a backup with their consumers.
func printStreams(out io.Writer, asJSON bool, all []backup.Stream) error {
	return printResult(out, asJSON, map[string]any{"streams": all}, func(out io.Writer) error {
		rows := [][]string{{"STREAM", "MESSAGES", "SEQUENCES", "SIZE"}}
		for _, s := range all {
			row := []string{s.Name, fmt.Sprint(s.Messages), fmt.Sprintf("%d-%d", s.FirstSequence, s.LastSequence), backup.Size(s.Bytes)}
			if s.Expired > 0 {
				row = append(row, fmt.Sprintf("%d expired", s.Expired))
			}
			rows = append(rows, row)
			for _, c := range s.Consumers {
				rows = append(rows, []string{"  " + c.Name, fmt.Sprintf("%d pending", c.Pending), fmt.Sprintf("after %d", c.Acknowledged)})
			}
		}
		return table.Table{Rows: rows}.Write(out)
	})
}
