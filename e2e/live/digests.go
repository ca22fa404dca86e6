package live

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// Digests returns the digests of the rendered chart for each system of TestFailures.
func Digests() (evidence.Charts, error) { return digests(systems(false)) }

// MigrationDigests returns the digests of the rendered chart before, during and after the migration of TestSolo, and for its scale-up.
func MigrationDigests() (evidence.Charts, error) {
	before, during, after, scaled := migrated(), migrated(), migrated(), migrated()
	before.Title = "before"
	during.Title, during.Profile, during.Values = "during", "multi-zone", []string{"--set", migrationFlags}
	after.Title, after.Profile = "after", "multi-zone"
	scaled.Title, scaled.Profile, scaled.Values = "five servers", "multi-zone", []string{"--set", "bus.replicas=5"}
	return digests([]*System{before, during, after, scaled})
}

// AlarmDigests returns the digests of the rendered chart for the system of TestAlarms.
func AlarmDigests() (evidence.Charts, error) { return digests([]*System{watched()}) }

// watched is the system whose alerts are recorded.
func watched() *System {
	s := ofChart("watched", "multi-zone", "zone")
	s.Title, s.Values = "multi-zone, monitored", []string{"--set", "monitoring.enabled=true,monitoring.operator=false"}
	return s
}

// migrationFlags are values for a migration.
const migrationFlags = "migration.from=single-node,migration.id=there"

// migrated is the system whose bus is migrated.
func migrated() *System {
	s := ofChart("moved", "single-node", "node")
	s.Title = "migrated"
	return s
}

func digests(systems []*System) (evidence.Charts, error) {
	holdfast, err := binaries.Holdfast()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "holdfast-digests-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o644); err != nil {
		return nil, err
	}
	charts := evidence.Charts{}
	for _, s := range systems {
		args := slices.Concat([]string{"render", "argo-events", "--profile", s.Profile, "--release", s.Name, "--namespace", s.Name, "--values", file}, s.Values)
		out, err := cases.Output(holdfast, args...)
		if err != nil {
			return nil, err
		}
		objects, err := cases.Decode(out)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", s.Title, err)
		}
		charts[s.Title] = cases.PodDigests(objects)
	}
	return charts, nil
}
