package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/generator/inspect"
	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go"
)

// Save saves all streams of a bus to a new folder, completely or not at all. The bus keeps running. Each stream is saved as of one
// moment, one stream after another. ignored names the streams that are not in the backup, with the reason.
func Save(ctx context.Context, access inspect.Bus, dir string, report Report) (streams []Stream, ignored []string, err error) {
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(dir); err == nil {
		return nil, nil, fmt.Errorf("%s exists: a backup needs a new folder", dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	b, err := connect(access)
	if err != nil {
		return nil, nil, err
	}
	defer b.conn.Close()
	names, ignored, err := b.streams(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: listing the streams: %w", ErrBus, noReply(err))
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("%w: %s has no streams: pass the URL and the user of the release's bus", ErrBus, access.URL)
	}
	next, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".new-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(next)
	for _, name := range names {
		s, err := b.save(ctx, name, filepath.Join(next, name), report)
		if err != nil {
			return nil, nil, fmt.Errorf("stream %s: %w", name, err)
		}
		streams = append(streams, s)
	}
	if err := writeSums(next, names); err != nil {
		return nil, nil, err
	}
	return streams, ignored, os.Rename(next, dir)
}

// writeSums writes the checksums of the files of all streams.
func writeSums(dir string, names []string) error {
	var text strings.Builder
	for _, name := range names {
		for _, file := range []string{metaFile, dataFile} {
			digest, err := sumOf(filepath.Join(dir, name, file))
			if err != nil {
				return err
			}
			fmt.Fprintf(&text, "%s  %s/%s\n", digest, name, file)
		}
	}
	return os.WriteFile(filepath.Join(dir, sumFile), []byte(text.String()), 0o600)
}

// save saves a stream to a folder. Only its user may read the files: events may contain secrets.
func (b *bus) save(ctx context.Context, name, dir string, report Report) (Stream, error) {
	report("saving stream " + name)
	// Before the snapshot, which can only have later positions.
	consumers, err := b.consumers(ctx, name)
	if err != nil {
		return Stream{}, fmt.Errorf("%w: listing the consumers: %w", ErrBus, noReply(err))
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return Stream{}, err
	}
	file, err := os.OpenFile(filepath.Join(dir, dataFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return Stream{}, err
	}
	defer func() { _ = file.Close() }()
	m := meta{Consumers: consumers, Saved: time.Now().UTC().Truncate(time.Second)}
	if err := b.snapshot(ctx, name, &m, file, report); err != nil {
		return Stream{}, err
	}
	if err := decompress(file); err != nil {
		return Stream{}, fmt.Errorf("%w: the data is incomplete: %w", ErrBus, err)
	}
	s, err := m.parse(dir)
	if err != nil {
		return Stream{}, fmt.Errorf("%w: %w", ErrBus, err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return Stream{}, err
	}
	return s.stream(), errors.Join(file.Sync(), os.WriteFile(filepath.Join(dir, metaFile), append(text, '\n'), 0o600))
}

// decompress reads the whole file, whose blocks have checksums.
func decompress(file io.ReadSeeker) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, s2.NewReader(file))
	return err
}

// snapshot receives a snapshot of a stream with its consumers (nats-server v2.15.2 jetstream_api.go streamSnapshot), and sets
// configuration and state of m.
func (b *bus) snapshot(ctx context.Context, name string, m *meta, to io.Writer, report Report) error {
	inbox := b.conn.NewRespInbox()
	chunks, err := b.conn.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBus, err)
	}
	defer func() { _ = chunks.Unsubscribe() }()
	if err := chunks.SetPendingLimits(-1, -1); err != nil {
		return fmt.Errorf("%w: %w", ErrBus, err)
	}
	if err := b.request(ctx, "SNAPSHOT", name, map[string]string{"deliver_subject": inbox}, m); err != nil {
		return fmt.Errorf("%w: %w", ErrBus, err)
	}
	received := uint64(0)
	for index := 1; ; index++ {
		chunk, err := next(ctx, chunks)
		if err != nil {
			return fmt.Errorf("%w: after %s: %w", ErrBus, Size(received), err)
		}
		if len(chunk.Data) == 0 { // the end, or the reason for a failure
			if status := chunk.Header.Get("Status"); status != "" && status != "204" {
				return fmt.Errorf("%w: after %s: %s %s", ErrBus, Size(received), status, chunk.Header.Get("Description"))
			}
			return nil
		}
		if _, err := to.Write(chunk.Data); err != nil {
			return err
		}
		received += uint64(len(chunk.Data))
		report(fmt.Sprintf("saving stream %s: %s", name, Size(received)))
		if chunk.Reply == "" {
			continue // the last chunk
		}
		if got := chunk.Reply[strings.LastIndex(chunk.Reply, ".")+1:]; got != strconv.Itoa(index) {
			return fmt.Errorf("%w: chunk %s follows chunk %d: run the command again", ErrBus, got, index-1)
		}
		if err := chunk.Respond(nil); err != nil {
			return fmt.Errorf("%w: %w", ErrBus, err)
		}
	}
}

// next waits for the next chunk of a snapshot.
func next(ctx context.Context, chunks *nats.Subscription) (*nats.Msg, error) {
	limited, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	chunk, err := chunks.NextMsgWithContext(limited)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("no data for %s", stall)
	}
	return chunk, err
}

// Size formats a number of bytes.
func Size(bytes uint64) string {
	value, units := float64(bytes), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for value >= 1024 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	if units[0] == "B" {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}
