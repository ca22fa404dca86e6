package report

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Parse reads a report from its JSON, as a baseline. Errors name the file and the remedy. Fields for the writers are empty.
func Parse(file string, text []byte) (Report, error) {
	const remedy = "create one with holdfast verify -o json"
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%s: not a report: %s: %s", file, strings.TrimPrefix(err.Error(), "json: "), remedy)
	}
	switch {
	case r.Version == 0:
		return r, fmt.Errorf("%s: not a report: version is missing: %s", file, remedy)
	case r.Version != Version:
		return r, fmt.Errorf("%s: report version %d is not supported, want %d: %s", file, r.Version, Version, remedy)
	case r.Baseline != nil:
		return r, fmt.Errorf("%s: report was itself created with a baseline and is incomplete: %s, without --baseline", file, remedy)
	}
	return r, nil
}
