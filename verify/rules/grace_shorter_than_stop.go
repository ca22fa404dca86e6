package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only a preStop hook that sleeps is checked, and one that starts the lame duck mode of NATS with a configuration of the manifests.
// The kubelet subtracts the duration of the hook from the grace period, and gives the process the rest, at least 2 s
// (kuberuntime_container.go, killContainer).
var graceShorterThanStop = &Rule{
	ID:       "grace-shorter-than-stop",
	Severity: Warning,
	Protects: "A container that has not stopped at the end of the grace period is killed: requests are cut off, clients are disconnected at once, and a leader does not step down.",
	Fix:      "Set terminationGracePeriodSeconds to more than the duration of the hook and of the shutdown after it.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			grace := 30 * time.Second
			if g := w.Template.Spec.TerminationGracePeriodSeconds; g != nil {
				grace = time.Duration(*g) * time.Second
			}
			for _, c := range facts.Containers(w) {
				if duration, activity := stopDuration(s, w, c); duration >= grace {
					report(facts.InTemplate(w, append(c.Path, "lifecycle", "preStop")...), fmt.Sprintf("container %s %s for %v, but is killed after %v", c.Name, activity, duration, grace))
				}
			}
		}
	},
}

// stopDuration returns the duration of a container's preStop hook, or of the shutdown that the hook starts, and what happens
// meanwhile. The duration is negative if it is unknown.
func stopDuration(s *facts.System, w *workload.Workload, c facts.Container) (duration time.Duration, activity string) {
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil {
		return -1, ""
	}
	hook := c.Lifecycle.PreStop
	if hook.Sleep != nil {
		return time.Duration(hook.Sleep.Seconds) * time.Second, "sleeps"
	}
	if hook.Exec == nil {
		return -1, ""
	}
	if match := sleepCommand.FindStringSubmatch(strings.Join(hook.Exec.Command, " ")); match != nil {
		seconds, _ := strconv.Atoi(match[3]) // four digits at most
		return time.Duration(seconds) * time.Second, "sleeps"
	}
	if c.IsNATS() && slices.ContainsFunc(hook.Exec.Command, func(arg string) bool { return strings.Contains(arg, "ldm") }) {
		if duration, known := lameDuckDuration(s, w); known {
			return duration, "disconnects its clients (lame_duck_duration)"
		}
	}
	return -1, ""
}

// sleepCommand is a command that sleeps first: sleep 30, sh -c "sleep 30; ...".
var sleepCommand = regexp.MustCompile(`^(\S*sh -e?c )?(\S*/)?sleep (\d{1,4})s?(\s|;|&|$)`)

// lameDuckSetting is the setting in a configuration of nats-server.
var lameDuckSetting = regexp.MustCompile(`(?m)^\s*"?lame_duck_duration"?\s*[:=]?\s*"?(\w+)"?`)

// defaultLameDuck is the default of nats-server (server/const.go).
const defaultLameDuck = 2 * time.Minute

// lameDuckDuration returns how long the NATS servers of a workload take to disconnect their clients. known is false if the
// mounted ConfigMap is not in the manifests or includes another file.
func lameDuckDuration(s *facts.System, w *workload.Workload) (duration time.Duration, known bool) {
	var config strings.Builder
	for o, m := range facts.Objects[corev1.ConfigMap](s, "v1", "ConfigMap") {
		if o.Namespace != w.Namespace || !slices.ContainsFunc(w.Template.Spec.Volumes, func(v corev1.Volume) bool { return v.ConfigMap != nil && v.ConfigMap.Name == o.Name }) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(m.Data)) {
			if strings.HasSuffix(key, ".conf") {
				config.WriteString(m.Data[key] + "\n")
			}
		}
	}
	if match := lameDuckSetting.FindStringSubmatch(config.String()); match != nil {
		duration, err := time.ParseDuration(match[1])
		return duration, err == nil
	}
	return defaultLameDuck, config.Len() > 0 && !strings.Contains(config.String(), "include")
}
