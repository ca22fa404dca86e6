package control

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// comparison collects what was asked of the controller and is not to be found in what it made.
type comparison struct {
	// deployments are all that there are.
	deployments []appsv1.Deployment
	// compared counts the values that were looked for.
	compared int
	missing  []string
}

// contains looks for texts in another.
func (c *comparison) contains(at, text string, wanted ...string) {
	for _, w := range wanted {
		c.compared++
		if !strings.Contains(text, strings.TrimSpace(w)) {
			c.missing = append(c.missing, fmt.Sprintf("%s: %q is not in %q", at, w, text))
		}
	}
}

// within looks for every value of what was asked in what was made: in a list, for each element one that has all of it.
func (c *comparison) within(at string, asked, made any) {
	var a, m any
	if err := convert(asked, &a); err != nil {
		c.missing = append(c.missing, fmt.Sprintf("%s: %v", at, err))
		return
	}
	if err := convert(made, &m); err != nil {
		c.missing = append(c.missing, fmt.Sprintf("%s: %v", at, err))
		return
	}
	if a != nil {
		c.look(at, a, m)
	}
}

func (c *comparison) look(at string, asked, made any) {
	switch asked := asked.(type) {
	case map[string]any:
		other, _ := made.(map[string]any)
		for key, value := range asked {
			c.look(at+"."+key, value, other[key])
		}
	case []any:
		others, _ := made.([]any)
		for i, value := range asked {
			at := fmt.Sprintf("%s[%d]", at, i)
			if !slices.ContainsFunc(others, func(other any) bool {
				trial := comparison{}
				trial.look(at, value, other)
				return len(trial.missing) == 0
			}) {
				c.missing = append(c.missing, fmt.Sprintf("%s: %v is not in %v", at, value, others))
			}
			c.compared += leaves(value)
		}
	default:
		c.compared++
		// What the controller hands on is written by its Go types, which leave out a zero and read none as one.
		zero := strings.Contains(at, "_OBJECT") && made == nil && (asked == false || asked == 0.0 || asked == "")
		if !zero && !reflect.DeepEqual(asked, made) {
			c.missing = append(c.missing, fmt.Sprintf("%s: %v became %v", at, asked, made))
		}
	}
}

// leaves counts the single values in a value.
func leaves(value any) int {
	n := 0
	switch value := value.(type) {
	case map[string]any:
		for _, v := range value {
			n += leaves(v)
		}
	case []any:
		for _, v := range value {
			n += leaves(v)
		}
	default:
		n = 1
	}
	return n
}

// TestComparison: what a controller drops or changes is noticed, what it adds is not.
func TestComparison(t *testing.T) {
	asked := map[string]any{"tolerations": []any{map[string]any{"key": "a", "effect": "NoExecute"}}, "nodeSelector": map[string]any{"disk": "fast"}}
	for about, test := range map[string]struct {
		made    map[string]any
		missing int
	}{
		"all of it and more": {map[string]any{
			"tolerations":  []any{map[string]any{"key": "b"}, map[string]any{"key": "a", "effect": "NoExecute", "operator": "Exists"}},
			"nodeSelector": map[string]any{"disk": "fast", "zone": "a"},
		}, 0},
		"an element changed": {map[string]any{
			"tolerations":  []any{map[string]any{"key": "a", "effect": "NoSchedule"}},
			"nodeSelector": map[string]any{"disk": "fast"},
		}, 1},
		"nothing": {nil, 2},
	} {
		c := comparison{}
		c.within(about, asked, test.made)
		if len(c.missing) != test.missing || c.compared != 3 {
			t.Errorf("%s: %d values compared, missing: %v", about, c.compared, c.missing)
		}
	}
}
