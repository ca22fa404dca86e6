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

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a hook that sleeps, or one that tells NATS to leave by its lame duck mode with a configuration that is written
// down. The kubelet takes the hook's time off the grace, and gives what is left, 2 s at least, to the process
// (kuberuntime_container.go, killContainer).
var graceShorterThanStop = &Rule{
	ID:       "grace-shorter-than-stop",
	Protects: "What is not done when the grace is over is killed: requests are cut, clients are dropped at once, and a leader hands nothing over.",
	Fix:      "terminationGracePeriodSeconds: as long as the hook and what comes after it take, with some to spare.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			grace := 30 * time.Second
			if g := w.Template.Spec.TerminationGracePeriodSeconds; g != nil {
				grace = time.Duration(*g) * time.Second
			}
			for _, c := range running(w) {
				if takes, what := stopping(s, w, c); takes >= grace {
					find(at(w, append(c.at, "lifecycle", "preStop")...), fmt.Sprintf("container %s %s for %v, and is killed after %v", c.Name, what, takes, grace))
				}
			}
		}
	},
}

// stopping is how long a container's hook is known to take, or what it starts, and what that is.
func stopping(s *workload.System, w *workload.Workload, c container) (time.Duration, string) {
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
	if says := sleeps.FindStringSubmatch(strings.Join(hook.Exec.Command, " ")); says != nil {
		seconds, _ := strconv.Atoi(says[3]) // four digits at most
		return time.Duration(seconds) * time.Second, "sleeps"
	}
	if slices.Contains(nats, c.software()) && slices.ContainsFunc(hook.Exec.Command, func(arg string) bool { return strings.Contains(arg, "ldm") }) {
		if duration, known := lameDuck(s, w); known {
			return duration, "lets its clients go (lame_duck_duration)"
		}
	}
	return -1, ""
}

// sleeps is a command that sleeps before anything else: sleep 30, sh -c "sleep 30; ...".
var sleeps = regexp.MustCompile(`^(\S*sh -e?c )?(\S*/)?sleep (\d{1,4})s?(\s|;|&|$)`)

// lameDuckDuration is the setting in the configuration of NATS; without one it is two minutes (nats-server,
// server/const.go).
var lameDuckDuration = regexp.MustCompile(`(?m)^\s*"?lame_duck_duration"?\s*[:=]?\s*"?(\w+)"?`)

const usualLameDuck = 2 * time.Minute

// lameDuck is how long the NATS servers of a workload take to let their clients go, if the ConfigMap that they mount is
// written down and takes nothing from elsewhere.
func lameDuck(s *workload.System, w *workload.Workload) (time.Duration, bool) {
	var config strings.Builder
	for o, m := range every[corev1.ConfigMap](s, "v1", "ConfigMap") {
		if o.Namespace != w.Namespace || !slices.ContainsFunc(w.Template.Spec.Volumes, func(v corev1.Volume) bool { return v.ConfigMap != nil && v.ConfigMap.Name == o.Name }) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(m.Data)) {
			if strings.HasSuffix(key, ".conf") {
				config.WriteString(m.Data[key] + "\n")
			}
		}
	}
	if says := lameDuckDuration.FindStringSubmatch(config.String()); says != nil {
		duration, err := time.ParseDuration(says[1])
		return duration, err == nil
	}
	return usualLameDuck, config.Len() > 0 && !strings.Contains(config.String(), "include")
}
