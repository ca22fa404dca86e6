package binaries

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Root returns the folder of the module e2e.
var Root = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("locating e2e/go.mod: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("locating e2e/go.mod: run this inside the module e2e")
	}
	return filepath.Dir(file), nil
})

func cacheDir() (string, error) {
	if dir := os.Getenv("HOLDFAST_E2E_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "holdfast-e2e"), err
}

// key is a hash of everything that determines a binary: versions of dependencies, the module's own sources, compiler and linker flags.
func key(module string, p program) (string, error) {
	sources, err := filepath.Glob(filepath.Join(module, "*.go"))
	if err != nil {
		return "", err
	}
	all := bytes.NewBufferString(runtime.Version() + runtime.GOOS + runtime.GOARCH + linker + p.stamp)
	for _, file := range append(sources, filepath.Join(module, "go.mod"), filepath.Join(module, "go.sum")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(all, "%s %d\n%s", filepath.Base(file), len(text), text)
	}
	return short(all.Bytes()), nil
}

func short(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}
