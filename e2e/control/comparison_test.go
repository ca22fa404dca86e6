package control

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// comparison collects the fields of custom resources that are missing in the objects of the controller.
type comparison struct {
	// deployments are all Deployments of the namespace.
	deployments []appsv1.Deployment
	// compared is the number of compared values.
	compared int
	missing  []string
}

// contains searches texts in another one.
func (c *comparison) contains(at, text string, wanted ...string) {
	for _, w := range wanted {
		c.compared++
		if !strings.Contains(text, strings.TrimSpace(w)) {
			c.missing = append(c.missing, fmt.Sprintf("%s: %q is not in %q", at, w, text))
		}
	}
}

// within searches every value of wanted in got. An element of a list must be within any element of the other list.
func (c *comparison) within(at string, wanted, got any) {
	var a, m any
	if err := convert(wanted, &a); err != nil {
		c.missing = append(c.missing, fmt.Sprintf("%s: %v", at, err))
		return
	}
	if err := convert(got, &m); err != nil {
		c.missing = append(c.missing, fmt.Sprintf("%s: %v", at, err))
		return
	}
	if a != nil {
		c.search(at, a, m)
	}
}

func (c *comparison) search(at string, wanted, got any) {
	switch wanted := wanted.(type) {
	case map[string]any:
		other, _ := got.(map[string]any)
		for key, value := range wanted {
			c.search(at+"."+key, value, other[key])
		}
	case []any:
		others, _ := got.([]any)
		for i, value := range wanted {
			at := fmt.Sprintf("%s[%d]", at, i)
			if !slices.ContainsFunc(others, func(other any) bool {
				trial := comparison{}
				trial.search(at, value, other)
				return len(trial.missing) == 0
			}) {
				c.missing = append(c.missing, fmt.Sprintf("%s: %v is not in %v", at, value, others))
			}
			c.compared += leaves(value)
		}
	default:
		c.compared++
		// The controller encodes specifications with Go types, which omit zero values.
		zero := strings.Contains(at, "_OBJECT") && got == nil && (wanted == false || wanted == 0.0 || wanted == "")
		if !zero && !reflect.DeepEqual(wanted, got) {
			c.missing = append(c.missing, fmt.Sprintf("%s: want %v, got %v", at, wanted, got))
		}
	}
}

// leaves counts the scalar values in a value.
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

// TestComparison: missing and changed values are reported, additional ones are not.
func TestComparison(t *testing.T) {
	wanted := map[string]any{"tolerations": []any{map[string]any{"key": "a", "effect": "NoExecute"}}, "nodeSelector": map[string]any{"disk": "fast"}}
	for about, test := range map[string]struct {
		got     map[string]any
		missing int
	}{
		"additional values": {map[string]any{
			"tolerations":  []any{map[string]any{"key": "b"}, map[string]any{"key": "a", "effect": "NoExecute", "operator": "Exists"}},
			"nodeSelector": map[string]any{"disk": "fast", "zone": "a"},
		}, 0},
		"changed element": {map[string]any{
			"tolerations":  []any{map[string]any{"key": "a", "effect": "NoSchedule"}},
			"nodeSelector": map[string]any{"disk": "fast"},
		}, 1},
		"nothing": {nil, 2},
	} {
		c := comparison{}
		c.within(about, wanted, test.got)
		if len(c.missing) != test.missing || c.compared != 3 {
			t.Errorf("%s: %d values compared, missing: %v", about, c.compared, c.missing)
		}
	}
}
