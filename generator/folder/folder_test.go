package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// files is the input of most tests: a file at the top, one in a subfolder, an empty one.
func files() map[string][]byte {
	return map[string][]byte{"Chart.yaml": []byte("name: shop\n"), "templates/bus/service.yaml": []byte("kind: Service\n"), "empty": nil}
}

// written returns a new folder that Write has written.
func written(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out", "shop")
	if err := Write(dir, files(), false); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWrite(t *testing.T) {
	dir := written(t)
	want := files()
	want[SumFile] = Sums(files())
	same(t, dir, want)
	alone(t, dir)
}

// TestWriteReplaces checks that Write replaces the whole content of a folder that it may replace.
func TestWriteReplaces(t *testing.T) {
	next := map[string][]byte{"Chart.yaml": []byte("name: other\n"), "new": []byte("new\n")}
	for _, c := range []struct {
		name   string
		before func(t *testing.T) string
	}{
		{"no folder", func(t *testing.T) string { return filepath.Join(t.TempDir(), "a", "b", "shop") }},
		{"an empty folder", func(t *testing.T) string { return t.TempDir() + "/" }},
		{"a written folder", written},
		{"a folder written twice", func(t *testing.T) string {
			dir := written(t)
			if err := Write(dir, files(), false); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := c.before(t)
			if err := Write(dir, next, false); err != nil {
				t.Fatal(err)
			}
			want := maps.Clone(next)
			want[SumFile] = Sums(next)
			same(t, dir, want)
			alone(t, dir)
		})
	}
}

func TestWriteKeepsEditedFolders(t *testing.T) {
	for _, c := range []struct {
		name, names string
		edit        func(dir string) error
	}{
		{"a file changed", "templates/bus/service.yaml", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "templates/bus/service.yaml"), []byte("kind: Mine\n"), 0o644)
		}},
		{"a file added", "notes.txt", func(dir string) error { return os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644) }},
		{"a file added in a subfolder", "templates/mine.yaml", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "templates/mine.yaml"), []byte("kind: Mine\n"), 0o644)
		}},
		{"a file removed", "Chart.yaml", func(dir string) error { return os.Remove(filepath.Join(dir, "Chart.yaml")) }},
		{"a file renamed", "Chart.yml", func(dir string) error {
			return os.Rename(filepath.Join(dir, "Chart.yaml"), filepath.Join(dir, "Chart.yml"))
		}},
		{"the checksums removed", "Chart.yaml", func(dir string) error { return os.Remove(filepath.Join(dir, SumFile)) }},
		{"the checksums changed", SumFile, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, SumFile), append(Sums(files()), "# mine\n"...), 0o644)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := written(t)
			if err := c.edit(dir); err != nil {
				t.Fatal(err)
			}
			before := read(t, dir)
			next := map[string][]byte{"new": []byte("new\n")}
			err := Write(dir, next, false)
			if !errors.Is(err, ErrEdited) {
				t.Fatalf("got %v, want ErrEdited", err)
			}
			for _, word := range []string{dir + ": ", c.names + " ", "--force"} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not contain %q", err, word)
				}
			}
			same(t, dir, before)
			alone(t, dir)

			if err := Write(dir, next, true); err != nil {
				t.Fatal(err)
			}
			same(t, dir, map[string][]byte{"new": []byte("new\n"), SumFile: Sums(next)})
			alone(t, dir)
		})
	}
}

func TestWriteKeepsOtherFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), []byte("years of work"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, files(), false); !errors.Is(err, ErrEdited) || !strings.Contains(err.Error(), "thesis.tex") {
		t.Errorf("got %v", err)
	}
	same(t, dir, map[string][]byte{"thesis.tex": []byte("years of work")})

	file := filepath.Join(dir, "thesis.tex")
	if err := Write(file, files(), false); !errors.Is(err, ErrEdited) {
		t.Errorf("a file with the name of the folder: got %v", err)
	}
	same(t, dir, map[string][]byte{"thesis.tex": []byte("years of work")})
}

// TestWriteIsAtomic checks that a file that cannot be written leaves everything unchanged.
func TestWriteIsAtomic(t *testing.T) {
	for _, c := range []struct {
		name string
		next map[string][]byte
	}{
		{"a file with the name of a folder", map[string][]byte{"a/b": []byte("1"), "a": []byte("2"), "c": []byte("3")}},
		{"a file with the name of a folder with many files", map[string][]byte{"a": nil, "a/b": nil, "a/c": nil, "a/d": nil, "a/e/f": nil}},
		{"a folder with the name of the checksum file", map[string][]byte{SumFile + "/a": nil}},
		{"a name that is too long", map[string][]byte{"a": nil, strings.Repeat("b", 300): nil}},
		{"a name with a zero byte", map[string][]byte{"a": nil, "b\x00": nil}},
		{"a path out of the folder", map[string][]byte{"a": nil, "../b": nil}},
		{"a path out of a subfolder", map[string][]byte{"a": nil, "c/../../b": nil}},
		{"an absolute path", map[string][]byte{"a": nil, "/b": nil}},
		{"an empty name", map[string][]byte{"a": nil, "": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, force := range []bool{false, true} {
				dir := written(t)
				before := read(t, dir)
				err := Write(dir, c.next, force)
				if err == nil {
					t.Fatal("no error")
				}
				if errors.Is(err, ErrEdited) {
					t.Errorf("got ErrEdited: %v", err)
				}
				same(t, dir, before)
				alone(t, dir)
			}
			dir := filepath.Join(t.TempDir(), "shop")
			if err := Write(dir, c.next, false); err == nil {
				t.Fatal("no error")
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder exists: %v", err)
			}
		})
	}
}

// TestSums checks the format of sha256sum -c: a hexadecimal checksum, two spaces and a name, sorted by name.
func TestSums(t *testing.T) {
	sums := string(Sums(files()))
	line := regexp.MustCompile(`^[0-9a-f]{64}  [^ ].*\n$`)
	var names []string
	for l := range strings.Lines(sums) {
		if !line.MatchString(l) {
			t.Errorf("not a line of sha256sum: %q", l)
			continue
		}
		name := strings.TrimSpace(l[66:])
		names = append(names, name)
		if sum := sha256.Sum256(files()[name]); l[:64] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: wrong checksum %s", name, l[:64])
		}
	}
	if want := slices.Sorted(maps.Keys(files())); !slices.Equal(names, want) {
		t.Errorf("lists %q, want %q", names, want)
	}
	if string(Sums(map[string][]byte{"empty": nil})) != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  empty\n" {
		t.Error("wrong checksum of an empty file")
	}
	if len(Sums(nil)) != 0 {
		t.Error("checksums without files")
	}
}

func TestFileModes(t *testing.T) {
	dir := written(t)
	for name, want := range map[string]fs.FileMode{".": 0o755 | fs.ModeDir, "templates/bus": 0o755 | fs.ModeDir, "Chart.yaml": 0o644, SumFile: 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		// The umask may remove permissions, but not from the folder itself, whose mode Write sets explicitly.
		if got := info.Mode(); got&^want != 0 || name == "." && got != want {
			t.Errorf("%s: mode %v, want %v", name, got, want)
		}
	}
}

func TestReadMissingFolder(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// same compares the content of a folder with want.
func same(t *testing.T, dir string, want map[string][]byte) {
	t.Helper()
	got := read(t, dir)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if text, ok := got[name]; !ok || string(text) != string(want[name]) {
			t.Errorf("%s: %q (exists: %t), want %q", name, text, ok, want[name])
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s: unexpected file", name)
	}
}

func read(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	got, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// alone fails if the parent folder contains anything else.
func alone(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(filepath.Clean(dir)))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("unexpected entries: %v", entries)
	}
}
