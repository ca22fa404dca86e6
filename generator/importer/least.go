package importer

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Least is a version that the controller must have at least, and the reason.
type Least struct {
	Version string `json:"version"`
	Reason  string `json:"reason"`
}

// needs are the fields of rendered objects that older controllers do not read. The released versions: matchLabelKeys came with the newer
// types of Kubernetes in 1.9.3, the variables of leases (PR #4029) and the readiness probe of the servers (PR #3894) in 1.9.11.
var needs = []struct {
	kind, field string
	Least
}{
	{"", "matchLabelKeys:", Least{"1.9.3", "older ones drop matchLabelKeys of the anti-affinity, and no rollout of event sources and sensors ends"}},
	{"", "LEADER_ELECTION_LEASE_DURATION", Least{"1.9.11", "older ones ignore the timing of leases, and a failover takes other times than the profile names"}},
	{"EventBus", "jetstream:", Least{"1.9.11", "older ones give the servers of the bus no readiness probe, and budgets count servers that are not ready"}},
}

// leastController adds the least version of a controller that stays, and compares it with the one that runs.
func (i *importing) leastController() {
	if i.request.Replace || i.Controller == nil && i.request.Complete {
		return
	}
	for _, n := range needs {
		for key, text := range i.pods.texts {
			if strings.HasPrefix(key, n.kind) && strings.Contains(text, n.field) {
				i.LeastController = append(i.LeastController, n.Least)
				break
			}
		}
	}
	if len(i.LeastController) == 0 || i.Controller == nil {
		return
	}
	have, ok := parseVersion(i.Controller.Version)
	if !ok {
		i.find("Deployment/"+i.Controller.name, "the version of image %s is unknown: check that it is %s or newer", i.Controller.Image, i.least())
		return
	}
	for _, l := range i.LeastController {
		if want, _ := parseVersion(l.Version); older(have, want) {
			i.find("Deployment/"+i.Controller.name, "is version %s, and the values need %s: %s", i.Controller.Version, l.Version, l.Reason)
		}
	}
}

// least is the newest of the least versions.
func (i *importing) least() string {
	newest, text := [3]int{}, ""
	for _, l := range i.LeastController {
		if v, _ := parseVersion(l.Version); older(newest, v) {
			newest, text = v, l.Version
		}
	}
	return text
}

// outdated reports whether the controller that stays is known to be older than the values need.
func (i *importing) outdated() bool {
	if i.Controller == nil || len(i.LeastController) == 0 {
		return false
	}
	have, ok := parseVersion(i.Controller.Version)
	want, _ := parseVersion(i.least())
	return ok && older(have, want)
}

// parseVersion parses v1.9.11 or 1.9.11. A version before a release (-rc1) counts as the one before it.
func parseVersion(text string) (version [3]int, ok bool) {
	text, before, _ := strings.Cut(strings.TrimPrefix(text, "v"), "-")
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return version, false
	}
	for n, part := range parts {
		v, err := strconv.Atoi(part)
		if err != nil || v < 0 {
			return version, false
		}
		version[n] = v
	}
	if strings.HasPrefix(before, "rc") || strings.HasPrefix(before, "alpha") || strings.HasPrefix(before, "beta") {
		version[2]--
	}
	return version, true
}

func older(a, b [3]int) bool {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2])) < 0
}

// short is a value in a few words.
func short(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return fmt.Sprintf("a map of %d fields", len(v))
	case []any:
		return fmt.Sprintf("a list of %d items", len(v))
	case string:
		if len(v) > 60 || strings.Contains(v, "\n") {
			return fmt.Sprintf("a text of %d characters", len(v))
		}
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}
