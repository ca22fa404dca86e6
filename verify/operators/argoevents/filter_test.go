package argoevents

import "testing"

func TestFilters(t *testing.T) {
	for _, tt := range []struct {
		expression     string
		source, sensor bool // whether events can pass
	}{
		{`status == "paid"`, true, true},
		{`status == 'paid`, false, false},
		{`status = "paid"`, false, false},
		{`(status == "paid"`, false, false},
		{`status == "paid" && total > 10`, true, true},
		{`status == "paid" and total > 10`, true, false},
		{`status =~ "^p"`, false, true},
		{`body.status == "paid"`, true, false},
		{`state == "paid"`, true, false},
		{`status == "paid" || state == "paid"`, true, true},
		{`status == "paid" ? total > 10 : state == 1`, true, true},
		{"", false, false},
		{`status \`, false, false},
	} {
		if err := CheckSourceFilter(tt.expression); (err == nil) != tt.source {
			t.Errorf("event source, %s: %v", tt.expression, err)
		}
		if err := CheckSensorFilter(tt.expression, []string{"status", "total"}); (err == nil) != tt.sensor {
			t.Errorf("sensor, %s: %v", tt.expression, err)
		}
	}
}

// FuzzFilters: no expression ends the process.
func FuzzFilters(f *testing.F) {
	for _, s := range []string{`a == 1 && b != 'x' ? c =~ '^x' : [d-e] ** 2`, `all(a, {# > 1}) ?? {b: 1}['b'][1:2]`, `\`} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		_ = CheckSourceFilter(s)
		_ = CheckSensorFilter(s, []string{"a"})
	})
}
