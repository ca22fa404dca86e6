// Command release builds the files of a release into an empty folder: one archive of holdfast per platform, one archive per Helm chart,
// and their SHA-256 checksums.
//
//	go run ./internal/release -version v1.2.3 -o dist
//
// The same sources and the same Go version give the same bytes, in any folder and on any machine.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// platforms lists GOOS/GOARCH of every binary in a release.
var platforms = []string{
	"linux/amd64", "linux/arm64",
	"darwin/amd64", "darwin/arm64",
	"windows/amd64", "windows/arm64",
}

// semver accepts the version tags of Go modules, without build metadata.
var semver = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

func main() {
	log.SetFlags(0)
	log.SetPrefix("release: ")
	version := flag.String("version", "", "version to stamp, for example v1.2.3")
	out := flag.String("o", "dist", "folder to write; it must be empty or missing")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	if err := release(*version, *out); err != nil {
		log.Fatal(err)
	}
}

// release writes all files of a release of the repository in the current folder.
func release(version, out string) error {
	if !semver.MatchString(version) {
		return fmt.Errorf("version %q: use the form v1.2.3 or v1.2.3-rc.1", version)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if entries, err := os.ReadDir(out); err != nil {
		return err
	} else if len(entries) > 0 {
		return fmt.Errorf("folder %s is not empty: remove it first", out)
	}
	extra, err := readFiles(".", "README.md", "CHANGELOG.md")
	if err != nil {
		return err
	}
	for _, platform := range platforms {
		log.Print(platform)
		if err := program(target{dir: ".", pkg: "./cmd/holdfast", name: "holdfast", version: version, platform: platform}, extra, out); err != nil {
			return err
		}
	}
	charts, err := filepath.Glob("charts/*")
	if err != nil || len(charts) == 0 {
		return errors.Join(err, errors.New("no charts found: run this command in the root of the repository"))
	}
	for _, dir := range charts {
		log.Print(dir)
		if err := chart(dir, out); err != nil {
			return err
		}
	}
	return checksums(out)
}

// checksums writes checksums.txt in the format of sha256sum.
func checksums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(data), entry.Name())
	}
	return os.WriteFile(filepath.Join(dir, "checksums.txt"), []byte(lines.String()), 0o644)
}
