package evidence_test

import (
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/live"
	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// TestChartUnchanged fails if the chart renders other pods than at the time of the committed measurements.
func TestChartUnchanged(t *testing.T) {
	const folder = "../../../docs/evidence"
	failures, err := evidence.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	migrations, err := evidence.ReadMigrations(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file     string
		measured evidence.Charts
		render   func() (evidence.Charts, error)
	}{
		{"failures.json", failures.Charts, live.Digests},
		{"moves.json", migrations.Charts, live.MigrationDigests},
	} {
		rendered, err := c.render()
		if err != nil {
			t.Fatal(err)
		}
		if len(rendered) == 0 {
			t.Errorf("%s: nothing was rendered", c.file)
		}
		for _, object := range c.measured.Changed(rendered) {
			t.Errorf("docs/evidence/%s was measured before a change of %s: run make evidence", c.file, object)
		}
	}
}
