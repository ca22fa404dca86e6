package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// target is one binary: package pkg of the module in dir, for a platform of the form GOOS/GOARCH.
type target struct {
	dir, pkg, name, version, platform string
}

// program builds a binary and writes it to an archive in folder out, together with extra files: tar.gz, or zip for Windows.
func program(t target, extra []file, out string) error {
	binary, err := build(t)
	if err != nil {
		return fmt.Errorf("building %s for %s: %w", t.name, t.platform, err)
	}
	exe, pack, ending := t.name, tarball, ".tar.gz"
	if strings.HasPrefix(t.platform, "windows/") {
		exe, pack, ending = t.name+".exe", zipped, ".zip"
	}
	data, err := pack(append([]file{{name: exe, data: binary, executable: true}}, extra...))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s_%s_%s%s", t.name, t.version, strings.ReplaceAll(t.platform, "/", "_"), ending)
	return os.WriteFile(filepath.Join(out, name), data, 0o644)
}

// build returns the bytes of a binary.
func build(t target) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	out := filepath.Join(tmp, t.name)
	goos, goarch, _ := strings.Cut(t.platform, "/")
	// -buildvcs=false: a source archive gives the same bytes as a clone.
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags(t.version), "-o", out, t.pkg)
	cmd.Dir = t.dir
	// These variables change the output; an empty value is the default.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOAMD64=", "GOARM64=", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return os.ReadFile(out)
}

// ldflags drops symbol tables and stamps the version that `holdfast version` prints.
func ldflags(version string) string {
	return "-s -w -buildid= -X main.version=" + version
}
