// Package cases provides the golden cases to tests, rendered by the holdfast binary. Every test runs on every case that it applies to, so
// that a new case is a new test of everything.
package cases

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"sigs.k8s.io/yaml"
)

// Name and namespace of the release of every case, as in golden/.
const (
	Release   = "events"
	Namespace = "argo"
)

// Case is a case.yaml.
type Case struct {
	// Name is the name of the case's folder.
	Name string `json:"-"`
	// Values is the absolute path of the values file. In case.yaml it is relative, and values.yaml by default.
	Values      string `json:"values"`
	About       string `json:"about"`
	Stack       string `json:"stack"`
	Profile     string `json:"profile"`
	KubeVersion string `json:"kubeVersion"`
	IncludeCRDs bool   `json:"includeCRDs"`
}

// All reads every golden/*/case.yaml. It returns an error if there is none.
func All() ([]Case, error) {
	repository, err := Repository()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(repository, "golden", "*", "case.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("reading cases: no file matches %s", filepath.Join(repository, "golden", "*", "case.yaml"))
	}
	var all []Case
	for _, file := range files {
		c, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("reading case %s: %w", file, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func read(file string) (Case, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Case{}, err
	}
	dir := filepath.Dir(file)
	c := Case{Name: filepath.Base(dir), Values: "values.yaml"}
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return Case{}, err
	}
	c.Values = filepath.Join(dir, c.Values)
	if c.KubeVersion == "" {
		c.KubeVersion, err = KubernetesVersion()
	}
	return c, err
}

// Flags returns the flags of a case that holdfast and helm share: namespace, values and version of the cluster.
func (c Case) Flags() []string {
	flags := []string{"--namespace", Namespace, "--values", c.Values, "--kube-version", c.KubeVersion}
	if c.IncludeCRDs {
		flags = append(flags, "--include-crds")
	}
	return flags
}

// Chart returns the folder of the case's chart.
func (c Case) Chart() (string, error) {
	repository, err := Repository()
	return filepath.Join(repository, "charts", c.Stack), err
}

// Repository returns the root folder of the repository.
func Repository() (string, error) {
	root, err := binaries.Root()
	return filepath.Dir(root), err
}
