package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
)

const version = "v1.2.3"

// TestProgramIsReproducible builds a small program from two folders: the archives have the same bytes.
func TestProgramIsReproducible(t *testing.T) {
	source, err := os.ReadFile("testdata/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for platform, name := range map[string]string{"linux/arm64": "hello_v1.2.3_linux_arm64.tar.gz", "windows/amd64": "hello_v1.2.3_windows_amd64.zip"} {
		var first []byte
		for range 2 {
			dir, out := t.TempDir(), t.TempDir()
			write(t, filepath.Join(dir, "main.go"), source)
			write(t, filepath.Join(dir, "go.mod"), []byte("module hello\n"))
			extra := []file{{name: "README.md", data: []byte("Hello.\n")}}
			if err := program(target{dir: dir, pkg: ".", name: "hello", version: version, platform: platform}, extra, out); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = data
			} else if !bytes.Equal(data, first) {
				t.Errorf("%s: two builds differ", name)
			}
		}
	}
}

// TestVersion builds holdfast with a stamp: `holdfast version` prints it.
func TestVersion(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "holdfast")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	// Without -trimpath, the build reuses the compiled packages of the other tests.
	if out, err := exec.Command("go", "build", "-ldflags", ldflags(version), "-o", binary, "../../cmd/holdfast").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(binary, "version").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.HasPrefix(string(out), "holdfast "+version+" ") {
		t.Errorf("holdfast version prints %q", out)
	}
}

// TestCharts archives every chart twice: the archives have the same bytes, and Helm loads them.
func TestCharts(t *testing.T) {
	dirs, err := filepath.Glob("../../charts/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no charts found (%v)", err)
	}
	for _, dir := range dirs {
		var first []byte
		for range 2 {
			out := t.TempDir()
			if err := chart(dir, out); err != nil {
				t.Fatal(err)
			}
			archives, err := filepath.Glob(filepath.Join(out, filepath.Base(dir)+"-*.tgz"))
			if err != nil || len(archives) != 1 {
				t.Fatalf("%s: archives %v (%v)", dir, archives, err)
			}
			loaded, err := loader.Load(archives[0])
			if err != nil {
				t.Fatal(err)
			}
			if want := loaded.Name() + "-" + loaded.Metadata.Version + ".tgz"; filepath.Base(archives[0]) != want {
				t.Errorf("archive %s should have the name %s", archives[0], want)
			}
			source, err := loader.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(loaded.Raw) != len(source.Raw) {
				t.Errorf("%s: %d files in the archive, %d in the folder", dir, len(loaded.Raw), len(source.Raw))
			}
			data, err := os.ReadFile(archives[0])
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = data
			} else if !bytes.Equal(data, first) {
				t.Errorf("%s: two archives differ", dir)
			}
		}
	}
}

// TestRefused rejects a version that is not a tag, and a folder with files.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	for _, bad := range []string{"", "1.2.3", "v1.2", "v1.2.3 ", "v1.2.3+x", "v01.2.3"} {
		if err := release(bad, dir); err == nil || !strings.Contains(err.Error(), "v1.2.3") {
			t.Errorf("version %q: error %v", bad, err)
		}
	}
	write(t, filepath.Join(dir, "old.txt"), nil)
	if err := release(version, dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("folder with files: error %v", err)
	}
}

// TestChecksums writes the format that sha256sum reads.
func TestChecksums(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), []byte("a\n"))
	if err := checksums(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7  a.txt\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
