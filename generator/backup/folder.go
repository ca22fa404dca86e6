package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A backup is a folder with a folder for each stream, as "nats account backup" writes it, and the checksums of all files for
// sha256sum -c.
const (
	metaFile = "backup.json"
	dataFile = "stream.tar.s2"
	sumFile  = "SHA256SUMS"
)

// meta is the content of metaFile. The nats command ignores consumers and saved.
type meta struct {
	Config    json.RawMessage `json:"config"`
	State     json.RawMessage `json:"state"`
	Consumers []Consumer      `json:"consumers"`
	Saved     time.Time       `json:"saved"`
}

// config has the fields of a stream's configuration on which a restore depends.
type config struct {
	Name        string        `json:"name"`
	MaxMsgs     int64         `json:"max_msgs"`
	MaxBytes    int64         `json:"max_bytes"`
	MaxAge      time.Duration `json:"max_age"`
	AllowMsgTTL bool          `json:"allow_msg_ttl"`
}

// state has the fields of a stream's state that a restore must keep.
type state struct {
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
	FirstSeq uint64 `json:"first_seq"`
	LastSeq  uint64 `json:"last_seq"`
}

// saved is a stream in a backup.
type saved struct {
	meta
	dir    string
	config config
	state  state
}

// parse decodes the raw parts of meta.
func (m meta) parse(dir string) (saved, error) {
	s := saved{meta: m, dir: dir}
	return s, errors.Join(json.Unmarshal(m.Config, &s.config), json.Unmarshal(m.State, &s.state))
}

// stream returns the stream as it is in the backup.
func (s saved) stream() Stream {
	return Stream{Name: s.config.Name, Messages: s.state.Messages, FirstSequence: s.state.FirstSeq, LastSequence: s.state.LastSeq, Bytes: s.state.Bytes, Consumers: s.Consumers}
}

// read reads the streams of a backup in the order of the checksums, after it has verified all files.
func read(dir string) ([]saved, error) {
	sums, err := readSums(filepath.Join(dir, sumFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a backup: it has no file %s", dir, sumFile)
	}
	if err != nil {
		return nil, err
	}
	var all []saved
	for _, s := range sums {
		file := filepath.Join(dir, filepath.FromSlash(s.file))
		got, err := sumOf(file)
		if err != nil {
			return nil, fmt.Errorf("the backup is incomplete: %w", err)
		}
		if got != s.digest {
			return nil, fmt.Errorf("%s is damaged or truncated: its checksum is not that in %s: use another copy of the backup", file, sumFile)
		}
		if filepath.Base(file) != metaFile {
			continue
		}
		one, err := readMeta(file)
		if err != nil {
			return nil, err
		}
		if data := one.config.Name + "/" + dataFile; !slices.ContainsFunc(sums, func(other sum) bool { return other.file == data }) {
			return nil, fmt.Errorf("%s has no checksum of %s", filepath.Join(dir, sumFile), data)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no streams", filepath.Join(dir, sumFile))
	}
	return all, nil
}

func readMeta(file string) (saved, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return saved{}, err
	}
	var m meta
	if err := json.Unmarshal(text, &m); err != nil {
		return saved{}, fmt.Errorf("%s: %w", file, err)
	}
	s, err := m.parse(filepath.Dir(file))
	if err != nil {
		return saved{}, fmt.Errorf("%s: want config and state: %w", file, err)
	}
	// The name is part of a subject.
	if s.config.Name != filepath.Base(s.dir) || strings.ContainsAny(s.config.Name, " .*>\t\r\n") {
		return saved{}, fmt.Errorf("%s: config.name is %q: want the name of the folder", file, s.config.Name)
	}
	return s, nil
}

// sum is a line of sumFile.
type sum struct{ file, digest string }

func readSums(file string) ([]sum, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var all []sum
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		digest, path, _ := strings.Cut(lines.Text(), "  ")
		stream, name, _ := strings.Cut(path, "/")
		if !fs.ValidPath(path) || stream == "" || name != metaFile && name != dataFile {
			return nil, fmt.Errorf("%s:%d: want a checksum, two spaces, and STREAM/%s or STREAM/%s", file, n, metaFile, dataFile)
		}
		all = append(all, sum{path, digest})
	}
	return all, lines.Err()
}

func sumOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
