package cases

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
)

// Holdfast is the file of the holdfast binary.
type Holdfast string

// BuildHoldfast builds holdfast from the current sources.
func BuildHoldfast() (Holdfast, error) {
	file, err := binaries.Holdfast()
	return Holdfast(file), err
}

// Render returns the objects of a case, hooks included; flags are added to the command.
func (h Holdfast) Render(c Case, flags ...string) ([]Object, error) {
	return h.run(c, "render", append(c.Flags(), flags...))
}

// Digest returns a digest of the pods of a case: see PodDigests.
func (h Holdfast) Digest(c Case) (string, error) {
	objects, err := h.Render(c)
	return Digest(objects), err
}

// Secrets returns the Secrets that an installation of a case needs; flags are added to the command.
func (h Holdfast) Secrets(c Case, flags ...string) ([]Object, error) {
	isCRDs := func(flag string) bool { return flag == "--include-crds" }
	return h.run(c, "secrets", append(slices.DeleteFunc(c.Flags(), isCRDs), flags...))
}

// Kustomize writes the Kustomize folder of a case for profiles; the first one is the base.
func (h Holdfast) Kustomize(c Case, dir string, profiles ...string) error {
	args := []string{"kustomize", c.Stack, "--profiles", strings.Join(profiles, ","), "--release", Release, "--output", dir}
	_, err := Output(string(h), append(args, c.Flags()...)...)
	return err
}

func (h Holdfast) run(c Case, command string, flags []string) ([]Object, error) {
	args := append([]string{command, c.Stack, "--profile", c.Profile, "--release", Release}, flags...)
	out, err := Output(string(h), args...)
	if err != nil {
		return nil, err
	}
	objects, err := Decode(out)
	if err != nil {
		return nil, fmt.Errorf("holdfast %s: %w", strings.Join(args, " "), err)
	}
	return objects, nil
}

// Output runs a program and returns its standard output. Its standard error is in the error.
func Output(file string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(file, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", file, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}
