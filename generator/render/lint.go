package render

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

// Lint checks a chart with Helm's own linter and the values of one profile, as helm lint --strict does: warnings are errors, too.
// The linter reads folders, so the chart is written to a temporary one.
func Lint(files chart.Files, values map[string]any) error {
	version, err := chartutil.ParseKubeVersion(DefaultKubeVersion)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "holdfast-lint-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
	}
	var faults []string
	for _, m := range lint.AllWithKubeVersion(dir, values, "default", version).Messages {
		if m.Severity >= support.WarningSev {
			faults = append(faults, fmt.Sprintf("helm lint: %s: %s", m.Path, m.Err))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return errors.New(strings.ReplaceAll(strings.Join(faults, "\n"), dir+string(filepath.Separator), ""))
}
