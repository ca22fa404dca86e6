package importer

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// streamKeys are the keys of a streamConfig in lower case, as the controller reads them, with their names in the chart.
var streamKeys = map[string]string{
	"maxage": "maxAge", "duplicates": "duplicates", "maxmsgs": "maxMsgs", "maxbytes": "maxBytes", "replicas": "replicas", "retention": "retention", "discard": "discard",
}

// streamFields parses a streamConfig. The keys of the result are in lower case.
func streamFields(config string) (map[string]any, error) {
	read := map[string]any{}
	if err := yaml.Unmarshal([]byte(config), &read); err != nil {
		return nil, err
	}
	fields := map[string]any{}
	for key, value := range read {
		fields[strings.ToLower(key)] = value
	}
	return fields, nil
}

// over returns the fields of both; those of above take precedence.
func over(below, above map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, below)
	maps.Copy(all, above)
	return all
}

// limit returns a limit as Argo Events reads it, -1 for none: a text with a unit is 0, and 0 or less is no limit.
func limit(v any) int64 {
	n, ok := number(v)
	if s, isText := v.(string); isText {
		whole, err := strconv.ParseInt(s, 0, 64)
		n, ok = float64(whole), err == nil
	}
	if !ok || n <= 0 || n > math.MaxInt64/2 {
		return -1
	}
	return int64(n)
}

// duration returns a duration as Argo Events reads it: a number has nanoseconds, and a text that Go does not parse is 0, no limit.
func duration(v any) time.Duration {
	if n, ok := number(v); ok {
		return time.Duration(n)
	}
	s := strings.TrimSpace(fmt.Sprint(v))
	if !strings.ContainsAny(s, "nsuµmh") {
		s += "ns"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0
	}
	return d
}

// chartDuration matches the durations that the chart accepts.
var chartDuration = regexp.MustCompile(`^([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h)){1,4}$`)

// durationValue returns a duration for the chart, as the user wrote it where possible.
func durationValue(v any) string {
	if s, ok := v.(string); ok && chartDuration.MatchString(s) {
		return s
	}
	return duration(v).String()
}

// effective returns the fields of a streamConfig by their effect, for a comparison.
func effective(fields map[string]any) map[string]any {
	all := map[string]any{}
	for key, name := range streamKeys {
		v, ok := fields[key]
		switch {
		case !ok:
		case key == "duplicates" || key == "maxage" && duration(v) > 0:
			all[name] = duration(v).String()
		case key == "maxage" || (key == "maxmsgs" || key == "maxbytes") && limit(v) < 0:
			all[name] = "unlimited"
		case key == "replicas":
			all[name] = max(limit(v), 1)
		default:
			all[name] = max(limit(v), 0)
		}
	}
	return all
}
