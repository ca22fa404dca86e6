package evidence_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/live"
	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// page has the digests of the chart at the time of its measurements, and those of now.
type page struct {
	file     string
	measured evidence.Charts
	render   func() (evidence.Charts, error)
}

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
	pages := []page{
		{"failures.json", failures.Charts, live.Digests},
		{"moves.json", migrations.Charts, live.MigrationDigests},
	}
	switch alarms, err := evidence.ReadAlarms(folder); {
	case err == nil:
		pages = append(pages, page{"alerts.json", alarms.Charts, live.AlarmDigests})
	case !errors.Is(err, fs.ErrNotExist):
		t.Fatal(err)
	}
	for _, c := range pages {
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
