// Package folder writes folders completely or not at all, and never overwrites a file that a person edited.
package folder

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SumFile is the name of the file with the checksums of all written files, in the format of sha256sum -c.
const SumFile = ".holdfast.sum"

// ErrEdited is wrapped by the error for a folder whose content holdfast did not write.
var ErrEdited = errors.New("was not written by holdfast or was edited since (--force replaces the folder)")

// Write writes a folder that contains exactly files, keyed by slash-separated path. It replaces an existing folder if that is
// empty, if its files are unchanged since Write, or with force. Otherwise the error wraps ErrEdited and names a file.
func Write(dir string, files map[string][]byte, force bool) error {
	dir = filepath.Clean(dir)
	if !force {
		if err := untouched(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	next, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(next)
	if err := fill(next, files); err != nil {
		return err
	}
	return replace(dir, next)
}

// fill writes files and their checksums below dir.
func fill(dir string, files map[string][]byte) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if !fs.ValidPath(name) {
			return fmt.Errorf("%q is not a path inside the folder", name)
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, SumFile), Sums(files), 0o644)
}

// replace renames next to dir and then deletes the old content, so that a failure at any step loses nothing.
func replace(dir, next string) error {
	old := next + ".old"
	err := os.Rename(dir, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(next, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// Sums returns the content of SumFile for files.
func Sums(files map[string][]byte) []byte {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return out.Bytes()
}

// untouched returns an error that wraps ErrEdited unless dir is missing, empty, or unchanged since Write.
func untouched(dir string) error {
	files, err := Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	sums := files[SumFile]
	delete(files, SumFile)
	if len(files) == 0 || bytes.Equal(sums, Sums(files)) {
		return nil
	}
	return fmt.Errorf("%s: %s %w", dir, firstDifference(string(sums), string(Sums(files))), ErrEdited)
}

// firstDifference returns the first file whose checksum is not in both lists.
func firstDifference(written, current string) string {
	for line := range strings.Lines(current) {
		if !strings.Contains(written, line) {
			return strings.TrimSpace(line[64:])
		}
	}
	for line := range strings.Lines(written) {
		if !strings.Contains(current, line) && len(line) > 64 {
			return strings.TrimSpace(line[64:])
		}
	}
	return SumFile
}

// Read returns all files below dir, keyed by slash-separated path.
func Read(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(file)
		return err
	})
	return files, err
}
