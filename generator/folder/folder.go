// Package folder writes whole folders: completely or not at all, and never over what a person edited.
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

// SumFile lists the checksum of every file that was written, in the form of sha256sum -c.
const SumFile = ".holdfast.sum"

// ErrEdited is returned for a folder with content that holdfast did not write.
var ErrEdited = errors.New("was not written by holdfast, or edited since (--force replaces it)")

// Write makes dir hold exactly files, by their slash-separated paths. A folder that is there already is replaced if it
// is empty, if its files are as Write left them, or by force; else the error wraps ErrEdited and names a file.
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
			return fmt.Errorf("%q is no path below the folder", name)
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

// replace puts next in dir's place; what was there goes last, so that no moment leaves nothing behind.
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

// Sums is the content of SumFile for files.
func Sums(files map[string][]byte) []byte {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return out.Bytes()
}

// untouched returns an error that wraps ErrEdited unless dir is missing, empty, or as Write left it.
func untouched(dir string) error {
	there, err := Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	sums := there[SumFile]
	delete(there, SumFile)
	if len(there) == 0 || bytes.Equal(sums, Sums(there)) {
		return nil
	}
	return fmt.Errorf("%s: %s %w", dir, firstDifference(string(sums), string(Sums(there))), ErrEdited)
}

// firstDifference names the first file whose checksum is not in both lists.
func firstDifference(was, is string) string {
	for line := range strings.Lines(is) {
		if !strings.Contains(was, line) {
			return strings.TrimSpace(line[64:])
		}
	}
	for line := range strings.Lines(was) {
		if !strings.Contains(is, line) && len(line) > 64 {
			return strings.TrimSpace(line[64:])
		}
	}
	return SumFile
}

// Read returns all files below dir by their slash-separated paths.
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
