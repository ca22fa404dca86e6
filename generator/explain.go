package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/ha"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/internal/similar"
)

// Explanation is a decision with its component and profile.
type Explanation struct {
	Component string `json:"component"`
	Profile   string `json:"profile"`
	ha.Decision
}

// Explain returns the decisions about a key of the values, "component.key" or a key below it, under each profile.
// A key without a decision is an error that lists the keys with one.
func Explain(s stack.Stack, profiles []profile.Profile, key string) ([]Explanation, error) {
	var found []Explanation
	for _, e := range explanations(s, profiles) {
		if path := e.path(); key == path || strings.HasPrefix(key, path+".") {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		all := DecidedKeys(s, profiles)
		return nil, fmt.Errorf("no decision about %q: %suse one of these keys:\n  %s", key, similar.Hint(key, all), strings.Join(all, "\n  "))
	}
	return found, nil
}

// DecidedKeys lists the keys of a stack's values that some profile decides, sorted.
func DecidedKeys(s stack.Stack, profiles []profile.Profile) []string {
	var keys []string
	for _, e := range explanations(s, profiles) {
		keys = append(keys, e.path())
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// explanations are all decisions, profile by profile.
func explanations(s stack.Stack, profiles []profile.Profile) []Explanation {
	var all []Explanation
	for _, p := range profiles {
		for _, c := range s.Components {
			for _, d := range ha.Decide(p, c) {
				all = append(all, Explanation{c.Name, p.Name, d})
			}
		}
	}
	return all
}

// path returns the key in the values: "bus.replicas".
func (e Explanation) path() string { return e.Component + "." + e.Key }
