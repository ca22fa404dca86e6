package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/maintenance"
)

// TestDrainOrderKeys: docs/drain-order.md has every key of the JSON.
func TestDrainOrderKeys(t *testing.T) {
	page := readDocument(t, "docs/drain-order.md")
	keys := 0
	for _, value := range []any{maintenance.Plan{}, maintenance.Round{}, maintenance.Interruption{}, maintenance.Loss{}, maintenance.Node{}} {
		of := reflect.TypeOf(value)
		for i := range of.NumField() {
			key, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if keys++; !strings.Contains(page, "`"+key+"`") {
				t.Errorf("docs/drain-order.md does not describe %q of %s", key, of)
			}
		}
	}
	if keys < 20 {
		t.Errorf("only %d keys found", keys)
	}
}
